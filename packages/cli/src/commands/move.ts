import {
  abandonMove,
  createCalendar,
  moveStore,
  systemEnv,
  takeBack,
  type MoveOptions,
  type MoveProgress,
} from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { examples, type CommandOf } from "../command.ts";
import { namedStore } from "../connect/named-store.ts";
import type { Context } from "../context.ts";
import { compareNamed, surveyNamed } from "../move/looks.ts";
import { reportAbandoned, reportMoved } from "../move/report.ts";
import { confirmed, yesOption } from "../runs/confirm.ts";
import { done } from "../runs/done.ts";
import { Progress } from "../terminal/progress.ts";
import { yellow } from "../terminal/text.ts";

export interface MoveFlags {
  readonly from: string;
  readonly to: string;
  readonly partitions?: number;
  readonly skip?: readonly string[];
  readonly keep?: true;
  readonly dryRun?: true;
  readonly verifyOnly?: true;
  readonly abandon?: true;
  readonly takeBack?: true;
  readonly yes?: true;
}

export const move: CommandOf = (choose) =>
  new Command("move")
    .description("move everything in a store to another: runs, keys, schedules, access and all")
    .requiredOption("--from <store>", "as in sqlite:./perdure.db or postgres://host/name")
    .requiredOption("--to <store>", "it is made where there is none")
    .option(
      "--partitions <count>",
      "of a store that is made (default: 64, on PostgreSQL 24)",
      wholeNumber(1),
    )
    .option("--skip <names...>", "leave streams where they are whose names begin so")
    .option("--keep", "copy: the source is not given up, and both go on by themselves")
    .option("--dry-run", "count what there is and look for what is in the way, and write nothing")
    .option("--verify-only", "read both stores and compare them, and write nothing")
    .option("--abandon", "undo a move that has not ended")
    .option("--take-back", "open the source again, because the store it has moved to is lost")
    .addOption(yesOption())
    .addHelpText(
      "after",
      `${examples(
        "perdure move --from sqlite:./perdure.db --to postgres://perdure@db/perdure",
        "perdure move --from postgres://perdure@db/perdure --to sqlite:./perdure.db --keep",
      )}

Stop what uses the two stores first. Both are sealed until the end: nobody opens half a store. A move
that was interrupted, however that was, is brought to its end by the same command. Everything is read
again at both ends and compared before the source is given up. The guide: docs/moving.md
Exit code 1: --verify-only found a stream that is missing or different.`,
    )
    .action((flags: MoveFlags) => choose((context) => moveNamed(context, flags)));

async function moveNamed(context: Context, flags: MoveFlags): Promise<void> {
  const progress = new Progress(context);
  try {
    if (flags.verifyOnly) return await compareNamed(context, flags, reporter(context, progress));
    if (flags.dryRun) return await surveyNamed(context, flags, reporter(context, progress));
    const options = optionsOf(context, flags, progress);
    if (flags.takeBack) return await takeBackNamed(context, options, flags);
    if (flags.abandon) {
      const abandoned = await abandonMove(options);
      progress.end();
      return reportAbandoned(context, options, abandoned);
    }
    const moved = await moveStore(options);
    progress.end();
    reportMoved(context, options, moved);
  } finally {
    progress.end();
  }
}

async function takeBackNamed(
  context: Context,
  { from, to, env }: MoveOptions,
  flags: MoveFlags,
): Promise<void> {
  const question =
    `Open ${from.name} again? What ${to.name} has done since is not in it, and if that one goes on ` +
    `all the same, both do what is due.`;
  if (!(await confirmed(context, question, flags))) return;
  await takeBack({ from, to: to.name, env });
  done(context, `${from.name} can be opened again.`, { from: from.name });
}

function optionsOf(context: Context, flags: MoveFlags, progress: Progress): MoveOptions {
  const { partitions, skip = [], keep = false, abandon } = flags;
  const absent = abandon ? "refuse" : "make";
  return {
    from: namedStore(flags.from, { option: "--from", absent: "refuse" }),
    to: namedStore(flags.to, { option: "--to", absent, partitions }),
    env: systemEnv({
      log: (level, message) => {
        if (level === "warn" || level === "error")
          context.err.line([yellow(`${level}: `), message]);
      },
    }),
    calendar: createCalendar(),
    skips: skip,
    keep,
    onProgress: reporter(context, progress),
  };
}

const steps: Readonly<Record<MoveProgress["step"], string>> = {
  look: "looked at",
  deliver: "delivering what was on its way",
  copy: "copied",
  compare: "compared",
  abandon: "forgotten",
};

function reporter(context: Context, progress: Progress): (done: MoveProgress) => void {
  return ({ step, streams, total, events }) => {
    if (context.interrupted.aborted) throw interruptedError();
    if (step === "deliver") return progress.show(steps[step]);
    const of = total === undefined ? "" : ` of ${total}`;
    const more = events === 0 ? "" : `, ${events} events`;
    const fraction = total === undefined ? undefined : Math.min(1, streams / Math.max(1, total));
    progress.show(`${steps[step]} ${streams}${of} streams${more}`, fraction);
  };
}

function interruptedError(): PerdureError {
  const text =
    "Interrupted. Run the same perdure move again, which goes on where it was, or with --abandon " +
    "to undo it.";
  return new PerdureError("unavailable", text);
}
