import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";

export const resume: CommandOf = (choose) =>
  new Command("resume")
    .description("start runs again")
    .argument("<schedule>", "its id")
    .option("--note <text>", "kept with the schedule")
    .action((id: string, { note }: { readonly note?: string }) =>
      choose(async (context) => {
        await (await context.engine()).resumeSchedule(context.namespace, id, note);
        done(context, `The schedule "${id}" starts runs again.`, { id });
      }),
    );
