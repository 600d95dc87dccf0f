/** Cancel, kill, pause, purge. Each says with which status it is answered. */
import { PerdureError, type RunId } from "@perdure/kernel";
import { CANCEL_INDEX, indexedSignal } from "../../../projection/signal-names.ts";
import type { Desk } from "../parts.ts";
import { findInvocation, type Found } from "./find.ts";

const DONE = 200;
/** It is on disk, and the invocation learns of it when it can. */
const ACCEPTED = 202;

export async function cancelInvocation(desk: Desk, id: string): Promise<number> {
  const found = await findInvocation(desk, id);
  checkOpen(found, id);
  if (found.type === "run" && (await isCancelled(desk, found.runId))) {
    // A run is cancelled once; an SDK that took it as a word of its own hears a second one too.
    const name = indexedSignal(CANCEL_INDEX);
    await desk.engine.signal({ runId: found.runId }, { name });
  } else await desk.engine.cancel({ runId: found.runId });
  return found.type === "start" ? DONE : ACCEPTED;
}

async function isCancelled({ engine }: Desk, runId: RunId): Promise<boolean> {
  const journal = await engine.journal(runId);
  return journal.some(({ kind }) => kind === "run.cancelRequested");
}

/** One that has not begun is not there any more, and there is nothing else to end. */
export async function killInvocation(desk: Desk, id: string): Promise<number> {
  const found = await findInvocation(desk, id);
  checkOpen(found, id);
  if (found.type === "start") await desk.engine.cancel({ runId: found.runId });
  else await desk.engine.terminate(found.runId);
  return DONE;
}

export async function pauseInvocation(desk: Desk, id: string): Promise<number> {
  const found = await findInvocation(desk, id);
  const isOver = found.type === "run" && found.view.outcome !== undefined;
  if (found.type === "start" || isOver) {
    const text = `The invocation '${id}' is not running, cannot be paused.`;
    throw new PerdureError("conflict", text);
  }
  if (found.view.row.status === "paused") return DONE;
  await desk.engine.pause(found.runId, "paused from the admin API");
  return ACCEPTED;
}

export async function purgeInvocation(desk: Desk, id: string): Promise<void> {
  const found = await findInvocation(desk, id);
  if (found.type === "start" || found.view.outcome === undefined) {
    const text = `The invocation '${id}' is not yet completed: cancel or kill it, then purge it.`;
    throw new PerdureError("conflict", text);
  }
  await desk.engine.purge(found.runId);
}

function checkOpen(found: Found, id: string): void {
  if (found.type === "start" || found.view.outcome === undefined) return;
  const text = `The invocation '${id}' was already completed: purge it to have it gone.`;
  throw new PerdureError("conflict", text);
}
