/** An invocation by its id: a run, or a start that waits for its turn or its time. */
import { isRunId, PerdureError, type RunId, type RunSpec } from "@perdure/kernel";
import { parseInvocationId } from "../../../ids/invocation-id.ts";
import type { RunView, WaitingStart } from "@perdure/engine";
import type { Desk } from "../parts.ts";

export type Found =
  | { readonly type: "run"; readonly runId: RunId; readonly view: RunView }
  | {
      readonly type: "start";
      readonly runId: RunId;
      readonly spec: RunSpec;
      readonly since?: number;
      /** It waits for its time; otherwise for its turn, at this place from 1. */
      readonly isDelayed: boolean;
      readonly place: number;
    };

type Finding = Pick<Desk, "engine" | "keys" | "keyOf" | "namespace">;

/** Throws `invalid-argument` for what is no id, `not-found` where there is nothing. */
export async function findInvocation(desk: Finding, id: string): Promise<Found> {
  const runId = isRunId(id) ? id : parseInvocationId(id);
  const found = await lookFor(desk, runId);
  if (found !== undefined) return found;
  const text = `The requested invocation '${id}' does not exist: look for it in a list.`;
  throw new PerdureError("not-found", text);
}

export async function lookFor(desk: Finding, runId: RunId): Promise<Found | undefined> {
  try {
    return { type: "run", runId, view: await desk.engine.describe(runId) };
  } catch (error) {
    if (!(error instanceof PerdureError) || error.code !== "not-found") throw error;
    return startOf(desk, runId);
  }
}

/** The key knows no namespaces' walls, so it is looked at only if it is the caller's. */
async function startOf(
  { keys, keyOf, namespace }: Finding,
  runId: RunId,
): Promise<Found | undefined> {
  const key = await keyOf(runId);
  if (key?.namespace !== namespace) return undefined;
  const { inbox, delayed } = await keys.view(key);
  const isIt = ({ spec }: WaitingStart): boolean => spec.runId === runId;
  const place = inbox.findIndex(isIt) + 1;
  const start = inbox[place - 1] ?? delayed.find(isIt);
  return start && { type: "start", runId, ...start, isDelayed: place === 0, place };
}
