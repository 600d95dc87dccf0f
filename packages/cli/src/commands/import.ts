import { statSync } from "node:fs";
import type { EngineClient } from "@perdure/engine";
import { PerdureError, type ErrorCode } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { Progress } from "../terminal/progress.ts";
import { journalsIn, type Line } from "../transfer/read-import.ts";

interface Failed {
  readonly line: number;
  readonly runId: string;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** Failures that are told one by one. */
const SHOWN = 100;
/** About the engine, not about the run: the next one would meet the same. */
const ending: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthenticated",
  "forbidden",
  "unavailable",
  "overloaded",
  "closed",
  "fenced",
]);

export const importCommand: CommandOf = (choose) =>
  new Command("import")
    .description("take over runs that were exported, into this namespace")
    .argument("<file>", "of perdure export")
    .option("--dry-run", "read and check every line, and write nothing")
    .addHelpText(
      "after",
      `${examples(
        "perdure import runs.jsonl --dry-run",
        "perdure import runs.jsonl --store sqlite:./perdure.db",
      )}

Closed runs lie here as they were; open ones go on here: stop them where they come from. Every line is
checked before the first is imported. A run that is here already is counted, not written again.
Exit code 1: a run was refused.`,
    )
    .action((file: string, { dryRun = false }: { readonly dryRun?: boolean }) =>
      choose((context) => importFile(context, file, dryRun)),
    );

async function importFile(context: Context, file: string, isDry: boolean): Promise<void> {
  const { size } = statSync(file);
  const progress = new Progress(context);
  const engine = isDry ? undefined : await context.engine();
  try {
    const seen = await readAll(context, file, ({ through, number }) =>
      progress.show(`checked ${number} lines`, Math.min(1, through / size)),
    );
    const { runs, events } = seen;
    if (engine === undefined) {
      progress.end();
      if (context.json) context.out.json({ runs, events, dryRun: true });
      else context.out.line(`${runs} runs with ${events} events can be read; nothing was written.`);
      return;
    }
    let done = 0;
    const counts = { imported: 0, existing: 0 };
    const failed: Failed[] = [];
    for await (const line of journalsIn(file)) {
      context.interrupted.throwIfAborted();
      const result = await importOne(engine, context.namespace, line);
      if (typeof result === "string") counts[result] += 1;
      else failed.push(result);
      done += 1;
      progress.show(`imported ${done} of ${runs} runs`, Math.min(1, done / runs));
    }
    progress.end();
    report(context, counts, failed);
  } finally {
    progress.end();
  }
}

async function readAll(
  context: Context,
  file: string,
  onLine: (line: Line) => void,
): Promise<{ readonly runs: number; readonly events: number }> {
  let runs = 0;
  let events = 0;
  for await (const line of journalsIn(file)) {
    context.interrupted.throwIfAborted();
    runs += 1;
    events += line.journal.events.length;
    onLine(line);
  }
  return { runs, events };
}

async function importOne(
  engine: EngineClient,
  namespace: string,
  { number, journal }: Line,
): Promise<"imported" | "existing" | Failed> {
  try {
    const { existing } = await engine.importRun(namespace, journal);
    return existing ? "existing" : "imported";
  } catch (error) {
    if (!(error instanceof PerdureError) || ending.has(error.code)) throw error;
    const { code, message } = error;
    return { line: number, runId: journal.spec.runId, error: { code, message } };
  }
}

function report(
  context: Context,
  counts: { readonly imported: number; readonly existing: number },
  failed: readonly Failed[],
): void {
  if (failed.length > 0) context.finding();
  if (context.json)
    return context.out.json({ ...counts, failed: failed.map((one) => ({ ...one })) });
  const { imported, existing } = counts;
  context.out.line(
    `${imported} imported, ${existing} were here already, ${failed.length} refused.`,
  );
  for (const { line, runId, error } of failed.slice(0, SHOWN)) {
    context.out.line(`line ${line}, run ${runId}: ${error.message}`);
  }
  if (failed.length > SHOWN) context.out.line(`and ${failed.length - SHOWN} more`);
}
