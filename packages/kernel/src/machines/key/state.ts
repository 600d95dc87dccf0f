/**
 * What a business key adds up to: Temporal's workflow id, Restate's virtual object, an idempotency
 * key and an agent's thread are all this one machine.
 *
 * K1  At most one run is current; only a current run may be open here. Shared runs are not kept.
 * K2  A start waits in the inbox only while a run is open: nobody waits for a free key.
 * K3  The inbox is first in, first out; a delayed start enters it at its time.
 * K4  A request id that was answered with a run is answered with it again for as long as the run
 *     is kept, up to `limits.keyIdempotencyKeys` of them, the oldest forgotten first. It follows
 *     continue-as-new.
 * K5  A start is answered once: by a run, by an error, or by its place in the inbox.
 * K6  Whoever waits for a pending start (its parent and listeners) hears when it is dropped.
 * K8  What runs of mode `single` wrote, and their promises, are forgotten with the run.
 * K7  A write is kept whatever the limit says, for the writer's journal says that it happened.
 */
import type { KeyMode, OperationRef, Outcome } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import type { KeyMessage } from "../../messages.ts";
import type { Payload } from "../../payload.ts";
import type { SeenTurn } from "../seen.ts";
import type { KeyEventBody, Pending } from "./events.ts";

export interface Current {
  readonly runId: RunId;
  readonly mode: KeyMode;
  /** How it ended; absent: it is open. */
  readonly status?: Outcome["status"];
  readonly retentionMs?: number;
  /** When a closed run may be forgotten; absent: never. */
  readonly forgetAt?: number;
}

export interface Remembered {
  readonly runId: RunId;
  readonly retentionMs?: number;
  readonly forgetAt?: number;
}

export interface Waiting extends Pending {
  /** Since when it waits, ms since epoch; absent: nobody wrote it down. */
  readonly since?: number;
  /** Other calls that wait for the outcome, beside the start's own parent. */
  readonly listeners: readonly OperationRef[];
}

export interface KeyState {
  seq: number;
  current?: Current;
  /** By request id, oldest first. */
  readonly requests: Map<string, Remembered>;
  inbox: Waiting[];
  /** Soonest first. */
  delayed: Waiting[];
  readonly entries: Map<string, Payload>;
  /** When an entry was last written or cleared: its event's seq. */
  writtenSeq: number;
  readonly promises: Map<string, Promised>;
}

/** `value`: it is settled. Until then it has those who wait for it. */
export interface Promised {
  readonly value?: Payload;
  readonly waits: readonly OperationRef[];
}

export type KeyTurn = SeenTurn<KeyState, KeyEventBody>;
export type KeyMessageOf<T extends KeyMessage["type"]> = Extract<KeyMessage, { type: T }>;

export function initial(): KeyState {
  return {
    seq: 0,
    requests: new Map(),
    inbox: [],
    delayed: [],
    entries: new Map(),
    writtenSeq: 0,
    promises: new Map(),
  };
}

/** The run that holds the key. */
export function openRun(state: KeyTurn["state"]): RunId | undefined {
  const { current } = state;
  return current !== undefined && current.status === undefined ? current.runId : undefined;
}

/** A start that has not had its turn. */
export function pendingStart(state: KeyTurn["state"], runId: RunId): Waiting | undefined {
  const isIt = (waiting: Waiting) => waiting.spec.runId === runId;
  return state.inbox.find(isIt) ?? state.delayed.find(isIt);
}

export function wakeAt(state: KeyTurn["state"]): number | undefined {
  let soonest = Math.min(
    state.delayed[0]?.spec.startAt ?? Infinity,
    state.current?.forgetAt ?? Infinity,
  );
  for (const { forgetAt } of state.requests.values()) {
    if (forgetAt !== undefined && forgetAt < soonest) soonest = forgetAt;
  }
  return soonest === Infinity ? undefined : soonest;
}

export function isEmpty(state: KeyTurn["state"]): boolean {
  return (
    state.current === undefined &&
    state.requests.size === 0 &&
    state.inbox.length === 0 &&
    state.delayed.length === 0 &&
    state.entries.size === 0 &&
    state.promises.size === 0
  );
}
