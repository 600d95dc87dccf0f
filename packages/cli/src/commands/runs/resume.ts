import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";

export const resume: CommandOf = (choose) =>
  withKey(new Command("resume").description("let a paused run go on, exhausted steps try again"))
    .argument("[run]", "a run id, or the start of one")
    .action((run: string | undefined, options: KeyOptions) =>
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        await (await context.engine()).resume(runId);
        done(context, `${runId} goes on.`, { runId });
      }),
    );
