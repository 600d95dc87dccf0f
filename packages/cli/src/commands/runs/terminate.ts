import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly reason?: string;
  readonly yes?: true;
}

export const terminate: CommandOf = (choose) =>
  withKey(new Command("terminate").description("end a run at once, without compensation"))
    .argument("[run]", "a run id, or the start of one")
    .option("--reason <text>", "kept in the journal")
    .addOption(yesOption())
    .action((run: string | undefined, options: Options) =>
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        const question = `Terminate ${runId}? Nothing it has done is undone.`;
        if (!(await confirmed(context, question, options))) return;
        await (await context.engine()).terminate(runId, options.reason);
        done(context, `${runId} is terminated.`, { runId });
      }),
    );
