/** Forgetting a closed run before its retention is over. */
import { invariant, keyStream, PerdureError, type RunId } from "@perdure/kernel";
import { findDurableRun, type Desk } from "./desk.ts";

/** How often it is put to rest and looked for until the store has forgotten it. */
const TRIES = 10;

/** The key forgets it first: a start that comes in between is a new run. */
export async function purge(desk: Desk, runId: RunId): Promise<void> {
  const { run } = await findDurableRun(desk, runId);
  const { outcome, spec } = run;
  if (outcome === undefined) {
    const text = `Run ${runId} is open: cancel or terminate it, then purge it.`;
    throw new PerdureError("conflict", text);
  }
  const key = spec?.key;
  if (key) {
    await desk.mail.ask(keyStream(key), (request) => ({ type: "key.forget", runId, request }));
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const live = await findDurableRun(desk, runId);
    const partition = desk.partitions[live.home];
    invariant(partition, "a run of no partition");
    live.isPurged = true;
    desk.tidy.unlisted(partition, live);
    desk.tidy.cooling(partition, live);
    await desk.tidy.flush();
    if (await desk.retention.forget(live.stream)) return;
  }
  const text = `Run ${runId} is still in use: look again in a moment.`;
  throw new PerdureError("unavailable", text);
}
