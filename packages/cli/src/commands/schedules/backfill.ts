import type { OverlapPolicy } from "@perdure/kernel";
import { Command } from "commander";
import { momentArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";
import { overlapOption } from "../../schedules/overlap.ts";
import { second } from "../../terminal/time.ts";

interface Options {
  readonly from: string;
  readonly to: string;
  readonly overlap?: OverlapPolicy;
  readonly yes?: true;
}

export const backfill: CommandOf = (choose) =>
  new Command("backfill")
    .description("start the runs that were due in a time gone by")
    .argument("<schedule>", "its id")
    .requiredOption("--from <moment>", "a date, or so long ago")
    .requiredOption("--to <moment>", "a date, or so long ago: 0s is now")
    .addOption(overlapOption())
    .addOption(yesOption())
    .addHelpText("after", examples("perdure schedules backfill nightly --from 3d --to 1d"))
    .action((id: string, options: Options) =>
      choose(async (context) => {
        const now = context.now();
        const from = momentArgument(options.from, now, "--from");
        const to = momentArgument(options.to, now, "--to");
        const question = `Start every run of "${id}" due from ${second(from)} to ${second(to)}?`;
        if (!(await confirmed(context, question, options))) return;
        const engine = await context.engine();
        await engine.backfillSchedule(context.namespace, id, from, to, options.overlap);
        done(context, `The backfill of "${id}" is on disk.`, { id, from, to });
      }),
    );
