import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { targetOf, withKey, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly reason?: string;
}

export const cancel: CommandOf = (choose) =>
  withKey(new Command("cancel").description("ask a run to end; its code compensates first"))
    .argument("[run]", "a run id, or the start of one")
    .option("--reason <text>", "kept in the journal")
    .addHelpText("after", examples(`perdure runs cancel --key return-7 --reason "asked twice"`))
    .action((run: string | undefined, options: Options) =>
      choose(async (context) => {
        const target = await targetOf(context, run, options);
        await (await context.engine()).cancel(target, options.reason);
        done(context, "The request to cancel is on disk; the run ends when its code has.", target);
      }),
    );
