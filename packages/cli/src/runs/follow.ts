/**
 * A run's events from `from` on, each once and in order, until the run has ended: what the journal
 * has already, then what is watched. Watching begins before the journal is read, so that nothing
 * falls between the two.
 */
import type { EngineClient } from "@perdure/engine";
import type { RunEvent, RunId } from "@perdure/kernel";
import { readJournal } from "./read-journal.ts";

export async function* follow(
  engine: EngineClient,
  runId: RunId,
  from: number,
  interrupted: AbortSignal,
): AsyncGenerator<RunEvent> {
  const arrived: RunEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const stop = engine.watch(runId, (events) => {
    arrived.push(...events);
    wake.resolve();
  });
  const interrupt = (): void => wake.resolve();
  interrupted.addEventListener("abort", interrupt);
  try {
    let next = from;
    arrived.unshift(...(await readJournal(engine, runId, from)));
    while (!interrupted.aborted) {
      for (const event of arrived.splice(0)) {
        if (event.seq < next) continue;
        next = event.seq + 1;
        yield event;
        if (isEnd(event)) return;
      }
      if (arrived.length > 0) continue;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    stop();
    interrupted.removeEventListener("abort", interrupt);
  }
}

const ends: ReadonlySet<RunEvent["kind"]> = new Set([
  "run.completed",
  "run.failed",
  "run.cancelled",
  "run.terminated",
  "run.timedOut",
  "run.continued",
]);

function isEnd({ kind }: RunEvent): boolean {
  return ends.has(kind);
}
