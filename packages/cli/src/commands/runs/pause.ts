import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly message?: string;
}

export const pause: CommandOf = (choose) =>
  withKey(new Command("pause").description("hold a run: its code gets no turn until resume"))
    .argument("[run]", "a run id, or the start of one")
    .option("--message <text>", "why, for whoever looks at it")
    .action((run: string | undefined, options: Options) =>
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        await (await context.engine()).pause(runId, options.message);
        done(context, `${runId} is paused. Let it go on: perdure runs resume ${runId}`, { runId });
      }),
    );
