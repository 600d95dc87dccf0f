/**
 * Runs as JSON lines, one run a line: what `import` and `check` read.
 *
 * The lines go to a file beside the one that is asked for, which is put in its place when it is
 * whole: nobody finds half an export.
 */
import { createWriteStream, renameSync, rmSync } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { EngineClient } from "@perdure/engine";
import type { RunRow } from "@perdure/kernel";
import { journalToLine } from "@perdure/wire";
import { readJournal } from "../runs/read-journal.ts";

export interface Exported {
  readonly runs: number;
  readonly events: number;
}

export type LineSink = (line: string) => Promise<void>;

/** Calls `sink` with each run's line; `rows` are in the order of the list. */
export async function exportRuns(
  engine: EngineClient,
  rows: AsyncIterable<RunRow>,
  sink: LineSink,
  onRun: (done: Exported) => void,
): Promise<Exported> {
  let runs = 0;
  let events = 0;
  for await (const { runId } of rows) {
    const { spec } = await engine.describe(runId);
    const journal = await readJournal(engine, runId);
    await sink(`${journalToLine({ spec, events: journal })}\n`);
    runs += 1;
    events += journal.length;
    onRun({ runs, events });
  }
  return { runs, events };
}

/** Writes to `path` whole, or not at all. */
export async function wholeFile<T>(
  path: string,
  write: (sink: LineSink) => Promise<T>,
): Promise<T> {
  const draft = `${path}.${process.pid}.part`;
  const file = createWriteStream(draft, { flags: "wx", mode: 0o600 });
  const ended = finished(file);
  // It is awaited below; until then a failed open must not count as nobody's.
  ended.catch(() => undefined);
  try {
    const result = await write(async (line) => {
      if (!file.write(line)) await Promise.race([once(file, "drain"), ended]);
    });
    file.end();
    await ended;
    renameSync(draft, path);
    return result;
  } catch (error) {
    file.destroy();
    rmSync(draft, { force: true });
    throw error;
  }
}
