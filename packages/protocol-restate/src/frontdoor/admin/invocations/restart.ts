/**
 * A closed invocation is run again, as a new one: from its beginning, or from an entry of its
 * journal.
 *
 * S1  From the beginning it is an ordinary start, which waits for its turn under the same key.
 * S2  From an entry it is a fork: everything up to the entry is copied, and the answers to commands
 *     up to it. What was asked before such an answer came cannot be left out between them, so that
 *     an entry in the midst of that is refused.
 */
import { PerdureError, type RunSpec } from "@perdure/kernel";
import { invocationId } from "../../../ids/invocation-id.ts";
import { Refused } from "../answers.ts";
import type { Desk } from "../parts.ts";
import { entriesOf, type Entry } from "./entries.ts";
import { findInvocation } from "./find.ts";
import { versionOf } from "./resume.ts";
import { targetOf } from "./target.ts";

const UNPROCESSABLE = 422;

export interface Restart {
  /** The index of the last entry that is kept; default 0, the input. */
  readonly from?: number;
  readonly deployment?: string;
}

export async function restartInvocation(
  desk: Desk,
  id: string,
  { from = 0, deployment }: Restart,
): Promise<string> {
  const found = await findInvocation(desk, id);
  if (found.type === "start" || found.view.outcome === undefined) {
    const text = `The invocation '${id}' is not completed: it is restarted when it is over.`;
    throw new PerdureError("conflict", text);
  }
  const { spec } = found.view;
  const target = targetOf(spec);
  if (target.type === "workflow") {
    const text = `The invocation '${id}' is a workflow's, which is run once: start one under another key.`;
    throw new Refused(UNPROCESSABLE, text);
  }
  const version = versionOf(desk, target, deployment);
  const started =
    from === 0
      ? await desk.engine.start(again(desk, spec, id, version))
      : await forkAt(desk, id, spec, from);
  if (from > 0 && version !== undefined) await desk.engine.repin(started.runId, version);
  return invocationId(started.runId);
}

/** Said of where the invocation of before came from. */
const ORIGIN = new Set(["idempotencyKey", "invokedBy", "restartedFrom"]);

function again({ namespace }: Desk, spec: RunSpec, id: string, version: string | undefined) {
  const { workflow, input, queue, key, mode, headers, priority, retentionMs, runTimeoutMs } = spec;
  const attributes = Object.entries(spec.attributes ?? {}).filter(([name]) => !ORIGIN.has(name));
  return {
    namespace,
    workflow,
    input,
    queue,
    attributes: { ...Object.fromEntries(attributes), restartedFrom: id },
    ...(key === undefined ? {} : { key }),
    ...(mode === undefined ? {} : { mode }),
    ...(headers === undefined ? {} : { headers }),
    ...(priority === undefined ? {} : { priority }),
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(version === undefined ? {} : { version }),
  };
}

async function forkAt({ engine }: Desk, id: string, { runId, key, mode }: RunSpec, from: number) {
  if (mode === "exclusive") {
    const text =
      `The invocation '${id}' had an object's key to itself, and a part of it cannot be done again ` +
      `beside others: restart it from 0.`;
    throw new Refused(UNPROCESSABLE, text);
  }
  const entries = entriesOf(await engine.journal(runId));
  const at = cutAt(entries, from, id);
  return engine.fork({ runId, at, ...(key === undefined ? {} : { key }) });
}

/** The event to cut after. */
function cutAt(entries: readonly Entry[], from: number, id: string): number {
  const entry = entries[from];
  const isLast = entry?.type === "Command: Output";
  if (entry === undefined || isLast) {
    const last = entries.findLast(({ type }) => type !== "Command: Output")?.index ?? 0;
    const text = `The invocation '${id}' can be restarted from entry 0 to ${last}, not ${from}.`;
    throw new PerdureError("invalid-argument", text);
  }
  const open = entries.filter(({ index, isCompleted }) => index <= from && isCompleted === false);
  const [never] = open;
  if (never !== undefined) throw unanswered(never, "it was never answered");
  const last = lastAnswer(entries, from);
  const more = entries.slice(from + 1, last + 1);
  if (more.some(({ type }) => type.startsWith("Command"))) {
    throw unanswered(
      entry,
      `what was asked up to there is answered by entry ${last}: restart there`,
    );
  }
  return more.at(-1)?.seq ?? entry.seq;
}

/** Where the last answer to a command up to `from` is. */
function lastAnswer(entries: readonly Entry[], from: number): number {
  const waiting = new Set<unknown>();
  for (const { index, isCompleted, detail } of entries) {
    const id = detail["result_completion_id"] ?? detail["completion_id"];
    if (index <= from && isCompleted === true) waiting.add(id);
    else if (
      isCompleted === undefined &&
      waiting.delete(id) &&
      index > from &&
      waiting.size === 0
    ) {
      return index;
    }
  }
  return from;
}

function unanswered({ index, type }: Entry, why: string): PerdureError {
  const text = `The entry ${index} (${type}) cannot be the last that is kept: ${why}.`;
  return new PerdureError("conflict", text);
}
