import { Argument, Command } from "commander";
import type { CommandOf } from "../command.ts";
import { shells, type Shell } from "../completion/scripts.ts";

export const completion: CommandOf = (choose) =>
  new Command("completion")
    .description("what makes a shell complete commands, options, run ids and schedules")
    .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
    .addHelpText(
      "after",
      '\nbash: eval "$(perdure completion bash)"\nzsh:  eval "$(perdure completion zsh)"\nfish: perdure completion fish | source',
    )
    .action((shell: Shell) => choose((context) => Promise.resolve(context.out.raw(shells[shell]))));
