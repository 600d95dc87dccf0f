/**
 * What an event name adds up to: who waits for it, what it starts, and what came of late.
 *
 * T1  An event id is published once for as long as its event is recent.
 * T2  A wait is answered at most once: it is over with the event that matched it.
 * T3  A trigger starts at most one run per event id, for ever: the workflow id says which.
 * T4  Recent events are bounded by count, bytes and age, and oldest first.
 */
import type { OperationRef } from "../../events/run-events.ts";
import { limits } from "../../limits.ts";
import type { TopicMessage, Trigger } from "../../messages.ts";
import type { JsonObject, Payload } from "../../payload.ts";
import type { SeenTurn } from "../seen.ts";
import type { TopicEventBody } from "./events.ts";

export interface Subscription {
  readonly wait: OperationRef;
  readonly match?: JsonObject;
}

export interface TriggerEntry {
  readonly namespace: string;
  readonly trigger: Trigger;
}

export interface Published {
  readonly at: number;
  readonly payload: Payload;
  readonly data?: JsonObject;
}

export interface TopicState {
  seq: number;
  /** By `waitId`. */
  readonly waits: Map<string, Subscription>;
  readonly triggers: Map<string, TriggerEntry>;
  /** By event id, oldest first. */
  readonly recent: Map<string, Published>;
  /** Of the payloads in `recent`. */
  recentBytes: number;
}

export type TopicTurn = SeenTurn<TopicState, TopicEventBody>;
export type TopicMessageOf<T extends TopicMessage["type"]> = Extract<TopicMessage, { type: T }>;

export function initial(): TopicState {
  return { seq: 0, waits: new Map(), triggers: new Map(), recent: new Map(), recentBytes: 0 };
}

/** A run id has no `/`, so two waits never share a name. */
export function waitId(wait: OperationRef): string {
  return `${wait.runId}/${wait.key}`;
}

/** One wake forgets everything: when the newest event is too old to look back to. */
export function wakeAt(state: TopicTurn["state"]): number | undefined {
  let newest: number | undefined;
  for (const { at } of state.recent.values()) newest = at;
  return newest === undefined ? undefined : newest + limits.topicLookBackMs;
}

export function isEmpty({ waits, triggers, recent }: TopicTurn["state"]): boolean {
  return waits.size === 0 && triggers.size === 0 && recent.size === 0;
}
