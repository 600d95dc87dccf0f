/** Why a business key is held, and why a start waits for its turn under it. */
import { timeOfRun, type KeyRef, type RunId } from "../ids.ts";
import {
  openRun,
  pendingStart,
  type KeyState,
  type Waiting as Start,
} from "../machines/key/state.ts";
import { nameOf, waitForTurn } from "./calls.ts";
import { duration } from "./duration.ts";
import type { Explanation, Waiting } from "./explanation.ts";
import { chainOf, follow, rootOf, summaryOf } from "./run.ts";
import { cure } from "./shell.ts";
import { withStore } from "./store.ts";
import type { Telling } from "./telling.ts";

export function explainKeyState(key: KeyRef, state: KeyState, telling: Telling): Explanation {
  const holder = openRun(state);
  const { inbox, delayed } = state;
  const shared = { subject: { type: "key", key }, namespace: key.namespace } as const;
  if (holder === undefined) {
    const first = delayed[0]?.spec.startAt;
    const summary =
      first === undefined
        ? `${nameOf(key)} is free: no run holds it`
        : `${nameOf(key)} is free until its next start, in ${duration(first - telling.now)}`;
    return { ...shared, status: "free", summary, waiting: [], cures: [] };
  }
  const next = follow(holder, telling);
  const waiting: Waiting = {
    on: "key",
    text: `${nameOf(key)} is held by the run ${holder}`,
    since: telling.world.run?.(holder)?.state.startedAt ?? timeOfRun(holder),
    holder,
    ...(next === undefined ? {} : { next }),
    cures: next?.cures ?? [cure("says what it waits for", "why", holder)],
  };
  const held = `since ${duration(telling.now - waiting.since)}`;
  const root = rootOf(waiting);
  const why = root === waiting ? "" : ` (that since ${duration(telling.now - root.since)})`;
  const starts = inbox.length === 1 ? "1 start waits" : `${inbox.length} starts wait`;
  const queue = inbox.length === 0 ? "" : `; ${starts} for a turn`;
  const summary = `${chainOf(waiting)}${why}; held ${held}${queue}`;
  return { ...shared, status: "held", summary, waiting: [waiting], cures: waiting.cures };
}

/** Undefined: no such start waits here. */
export function explainPending(
  runId: RunId,
  key: KeyRef,
  state: KeyState,
  telling: Telling,
): Explanation | undefined {
  const start = pendingStart(state, runId);
  if (start === undefined) return undefined;
  const isQueued = state.inbox.includes(start);
  const why = isQueued ? turnOf(runId, key, telling) : timeOf(start, key, telling.now);
  const waiting = withStore([why], telling);
  return {
    subject: { type: "start", runId, workflow: start.spec.workflow },
    namespace: key.namespace,
    runId,
    status: isQueued ? "queued" : "delayed",
    summary: summaryOf(waiting, telling.now),
    waiting,
    cures: waiting[0]?.cures ?? [],
  };
}

function turnOf(runId: RunId, key: KeyRef, telling: Telling): Waiting {
  const turn = waitForTurn(runId, key, telling, (holder) => follow(holder, telling));
  return { ...turn, text: `waits for its turn: ${turn.text}`, since: timeOfRun(runId) };
}

function timeOf({ spec }: Start, key: KeyRef, now: number): Waiting {
  const at = spec.startAt ?? now;
  return {
    on: "start",
    text: `is to start in ${duration(at - now)}, under ${nameOf(key)}`,
    since: timeOfRun(spec.runId),
    until: at,
    cures: [cure("nothing is wrong: it starts by itself")],
  };
}
