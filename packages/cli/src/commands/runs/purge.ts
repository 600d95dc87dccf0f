import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly yes?: true;
}

export const purge: CommandOf = (choose) =>
  withKey(new Command("purge").description("forget a closed run now, whatever its retention"))
    .argument("[run]", "a run id, or the start of one")
    .addOption(yesOption())
    .action((run: string | undefined, options: Options) =>
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        const question = `Purge ${runId}? Its journal is gone then.`;
        if (!(await confirmed(context, question, options))) return;
        await (await context.engine()).purge(runId);
        done(context, `${runId} is forgotten.`, { runId });
      }),
    );
