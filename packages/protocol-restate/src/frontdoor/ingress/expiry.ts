/** Retained results whose time is over, which the store forgets only now and then. */
import { PerdureError, type RunId } from "@perdure/kernel";
import type { Env } from "@perdure/engine";
import type { DoorCaller } from "./door-caller.ts";

/** Forgets it if its time is over: who asks with its key again starts anew. */
export async function forgottenIfExpired(
  { engine }: Pick<DoorCaller, "engine">,
  env: Pick<Env, "now">,
  runId: RunId,
): Promise<boolean> {
  try {
    const { outcome, row, spec } = await engine.describe(runId);
    const { retentionMs } = spec;
    // Where the run does not say, the engine has a rule of its own.
    if (outcome === undefined || row.closedAt === undefined || retentionMs === undefined)
      return false;
    if (row.closedAt + retentionMs > env.now()) return false;
    await engine.purge(runId);
    return true;
  } catch (error) {
    // A start that waits for its turn has no run yet; another caller may have been here before.
    if (error instanceof PerdureError && error.code === "not-found") return false;
    throw error;
  }
}
