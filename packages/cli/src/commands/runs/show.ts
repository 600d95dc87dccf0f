import type { EngineClient } from "@perdure/engine";
import type { RunEvent, RunId } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { eventLine } from "../../runs/journal.ts";
import { rowsOf } from "../../runs/operations.ts";
import { readJournal } from "../../runs/read-journal.ts";
import { headLines, outcomeLines } from "../../runs/summary.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";
import { timeline } from "../../runs/timeline.ts";
import { dim } from "../../terminal/text.ts";
import { whyLines } from "../../runs/why-text.ts";

interface Options extends KeyOptions {
  readonly journal?: true;
}

export const show: CommandOf = (choose) =>
  withKey(new Command("show").description("one run: a timeline of what it did, and how it stands"))
    .argument("[run]", "a run id, or the start of one")
    .option("--journal", "every event, one a line, with its seq")
    .addHelpText(
      "after",
      examples("perdure runs show 0193e1a2-77b1", "perdure runs show --key return-7 --journal"),
    )
    .action((run: string | undefined, options: Options) =>
      choose((context) => showRun(context, run, options)),
    );

async function showRun(context: Context, run: string | undefined, options: Options): Promise<void> {
  const engine = await context.engine();
  const runId = await runIdOf(context, run, options);
  const view = await engine.describe(runId);
  const events = await readJournal(engine, runId);
  if (context.json) {
    context.out.json({ ...view, events });
    return;
  }
  const { out, width } = context;
  const now = context.now();
  out.lines(headLines(view, now, width));
  out.line();
  const from = events[0]?.at ?? now;
  if (options.journal) out.lines(events.map((event) => eventLine(event, from, width)));
  else out.lines(timelineOf(events, view.row.closedAt ?? now, width));
  out.line();
  if (view.outcome) out.lines(outcomeLines(view.outcome, width));
  else await explainOpen(context, engine, runId);
}

function timelineOf(events: readonly RunEvent[], until: number, width: number) {
  const rows = rowsOf(events);
  if (rows.length === 0) return [dim("It has done nothing yet.")];
  const from = events[0]?.at ?? until;
  return timeline(rows, { from, to: Math.max(until, events.at(-1)?.at ?? until), width });
}

async function explainOpen(context: Context, engine: EngineClient, runId: RunId): Promise<void> {
  context.out.lines(whyLines(await engine.why(runId), context));
}
