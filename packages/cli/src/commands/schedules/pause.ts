import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";

export const pause: CommandOf = (choose) =>
  new Command("pause")
    .description("start no runs until resume")
    .argument("<schedule>", "its id")
    .option("--note <text>", "why, for whoever looks at it")
    .action((id: string, { note }: { readonly note?: string }) =>
      choose(async (context) => {
        await (await context.engine()).pauseSchedule(context.namespace, id, note);
        done(context, `The schedule "${id}" is paused.`, { id });
      }),
    );
