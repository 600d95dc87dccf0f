/** The only writer of a key's state. */
import type { Recorded } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { KeyEventBody, Pending } from "./events.ts";
import type { Current, KeyState, Remembered, Waiting } from "./state.ts";

type KeyEvent = KeyEventBody & Recorded;
type KeyEventOf<K extends KeyEvent["kind"]> = Extract<KeyEvent, { kind: K }>;

export function evolve(state: KeyState, event: KeyEvent): void {
  state.seq = event.seq;
  switch (event.kind) {
    case "key.started":
      return started(state, event);
    case "key.queued":
      return queued(state, event.pending, event.at);
    case "key.delayed":
      return delayed(state, event.pending, event.at);
    case "key.dropped":
      return leave(state, event.runId);
    case "key.attached":
      return attached(state, event);
    case "key.remembered":
      return remember(state, event.requestId, sameKeeping(state, event.runId));
    case "key.closed":
      return closed(state, event);
    case "key.forgotten":
      return forgotten(state, event);
    case "key.written":
      state.writtenSeq = event.seq;
      return void state.entries.set(event.name, event.value);
    case "key.cleared":
      state.writtenSeq = event.seq;
      return event.name === undefined
        ? state.entries.clear()
        : void state.entries.delete(event.name);
    case "key.settled":
      return void state.promises.set(event.name, { value: event.payload, waits: [] });
    case "key.awaited":
      return awaited(state, event);
  }
}

function started(state: KeyState, event: KeyEventOf<"key.started">): void {
  const { runId, mode, requestId } = event;
  const keeping = event.retentionMs === undefined ? {} : { retentionMs: event.retentionMs };
  if (event.queued === true) leave(state, runId);
  if (mode !== "shared") state.current = { runId, mode, ...keeping };
  if (requestId !== undefined) remember(state, requestId, { runId, ...keeping });
}

/** Takes a start into the inbox; a delayed one keeps those who wait for it. */
function queued(state: KeyState, pending: Pending, since: number): void {
  const before = state.delayed.find(({ spec }) => spec.runId === pending.spec.runId);
  if (before !== undefined) leave(state, pending.spec.runId);
  state.inbox.push({ ...pending, listeners: before?.listeners ?? [], since });
  rememberPending(state, pending);
}

function delayed(state: KeyState, pending: Pending, since: number): void {
  const startAt = (waiting: Pending) => waiting.spec.startAt ?? 0;
  const last = state.delayed.findLastIndex((other) => startAt(other) <= startAt(pending));
  state.delayed.splice(last + 1, 0, { ...pending, listeners: [], since });
  rememberPending(state, pending);
}

function rememberPending(state: KeyState, { spec }: Pending): void {
  if (spec.requestId === undefined) return;
  const keeping = spec.retentionMs === undefined ? {} : { retentionMs: spec.retentionMs };
  remember(state, spec.requestId, { runId: spec.runId, ...keeping });
}

function attached(state: KeyState, { runId, listener }: KeyEventOf<"key.attached">): void {
  const attach = (waiting: Waiting): Waiting =>
    waiting.spec.runId === runId
      ? { ...waiting, listeners: [...waiting.listeners, listener] }
      : waiting;
  state.inbox = state.inbox.map(attach);
  state.delayed = state.delayed.map(attach);
}

/** Most leave as the first: then nothing is searched. */
function leave(state: KeyState, runId: RunId): void {
  if (state.inbox[0]?.spec.runId === runId) return void state.inbox.shift();
  if (state.delayed[0]?.spec.runId === runId) return void state.delayed.shift();
  state.inbox = state.inbox.filter(({ spec }) => spec.runId !== runId);
  state.delayed = state.delayed.filter(({ spec }) => spec.runId !== runId);
}

/** K4: the oldest gives way. */
function remember(state: KeyState, requestId: string, remembered: Remembered): void {
  state.requests.delete(requestId);
  state.requests.set(requestId, remembered);
  if (state.requests.size <= limits.keyIdempotencyKeys) return;
  for (const oldest of state.requests.keys()) return void state.requests.delete(oldest);
}

/** A second request for a run is kept as long as the first. */
function sameKeeping({ current, requests }: KeyState, runId: RunId): Remembered {
  if (current?.runId === runId) return keptAs(current);
  for (const remembered of requests.values()) if (remembered.runId === runId) return remembered;
  return { runId };
}

function keptAs({ runId, retentionMs, forgetAt }: Current): Remembered {
  return {
    runId,
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(forgetAt === undefined ? {} : { forgetAt }),
  };
}

function closed(state: KeyState, event: KeyEventOf<"key.closed">): void {
  const { runId, next, status, at } = event;
  const end = <T extends Remembered>(kept: T): T => {
    if (next !== undefined) return { ...kept, runId: next };
    return kept.retentionMs === undefined ? kept : { ...kept, forgetAt: at + kept.retentionMs };
  };
  const { current } = state;
  if (current?.runId === runId) {
    state.current = next === undefined ? { ...end(current), status } : end(current);
  }
  for (const [requestId, remembered] of state.requests) {
    if (remembered.runId === runId) state.requests.set(requestId, end(remembered));
  }
}

function awaited(state: KeyState, { name, wait }: KeyEventOf<"key.awaited">): void {
  const waits = state.promises.get(name)?.waits ?? [];
  state.promises.set(name, { waits: [...waits, wait] });
}

function forgotten(state: KeyState, { at, seq, runId }: KeyEventOf<"key.forgotten">): void {
  const isOver = (kept: Remembered | undefined) =>
    runId === undefined ? (kept?.forgetAt ?? Infinity) <= at : kept?.runId === runId;
  if (isOver(state.current)) {
    if (state.current?.mode === "single") forgetWork(state, seq);
    delete state.current;
  }
  for (const [requestId, remembered] of state.requests) {
    if (isOver(remembered)) state.requests.delete(requestId);
  }
}

/** K8. */
function forgetWork(state: KeyState, seq: number): void {
  if (state.entries.size > 0) state.writtenSeq = seq;
  state.entries.clear();
  state.promises.clear();
}
