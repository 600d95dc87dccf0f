import { describe, expect, test } from "vitest";
import type { Effect } from "../../effects.ts";
import type { OperationRef } from "../../events/run-events.ts";
import { derivedRunId, isRunId, keyStream, runId, runStream, slotOf } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { TopicMessage, Trigger } from "../../messages.ts";
import type { JsonObject, Payload } from "../../payload.ts";
import { decide } from "../machine.ts";
import { topicMachine } from "./index.ts";
import { matches } from "./matches.ts";

const wait = (n: number): OperationRef => ({
  runId: runId(0, 1, n.toString(16).padStart(16, "0")),
  key: "w",
});

function payload(bytes = 1): Payload {
  return { encoding: "json", data: new Uint8Array(bytes) };
}

function publish(id: string, data?: JsonObject, bytes = 1): TopicMessage {
  const event = { type: "topic.publish", id, payload: payload(bytes), request: 1 } as const;
  return data === undefined ? event : { ...event, data };
}

function subscribe(n: number, match?: JsonObject, lookBackMs?: number): TopicMessage {
  return {
    type: "topic.subscribe",
    wait: wait(n),
    ...(match === undefined ? {} : { match }),
    ...(lookBackMs === undefined ? {} : { lookBackMs }),
  };
}

function topic() {
  const state = topicMachine.initial();
  const tell = (message: TopicMessage, at = 0) => decide(topicMachine, state, message, at).effects;
  /** The waits that are answered. */
  const matchedBy = (message: TopicMessage, at = 0) =>
    sent(tell(message, at)).flatMap((found) => (found.type === "wait.match" ? [found.to] : []));
  return { state, tell, matchedBy };
}

function sent(effects: readonly Effect[]) {
  return effects
    .filter((effect) => effect.type === "send")
    .map(({ to, message }) => ({ to, ...message }));
}

const runOf = (n: number) => runStream(wait(n).runId);
const ok = { type: "reply", request: 1, reply: { type: "ok" } };

describe("a published event", () => {
  test("resolves the waits that match, each once, and is acknowledged", () => {
    const { tell, matchedBy } = topic();
    tell(subscribe(1));
    tell(subscribe(2, { order: 7 }));
    tell(subscribe(3, { order: 8 }));
    const effects = tell(publish("e1", { order: 7, by: "x" }));
    expect(effects).toEqual([
      { type: "send", to: runOf(1), message: { type: "wait.match", key: "w", payload: payload() } },
      { type: "send", to: runOf(2), message: { type: "wait.match", key: "w", payload: payload() } },
      ok,
    ]);
    expect(matchedBy(publish("e2", { order: 7 }))).toEqual([]);
    expect(matchedBy(publish("e3", { order: 8 }))).toEqual([runOf(3)]);
  });

  test("with an id that was published of late changes nothing", () => {
    const { tell, state } = topic();
    tell(publish("e1"));
    tell(subscribe(1));
    const before = state.seq;
    expect(tell(publish("e1"), limits.topicLookBackMs - 1)).toEqual([ok]);
    expect(state.seq).toBe(before);
    expect(sent(tell(publish("e1"), limits.topicLookBackMs))).toHaveLength(1);
  });

  test("finds no wait that was given up", () => {
    const { tell, matchedBy } = topic();
    tell(subscribe(1));
    tell({ type: "topic.unsubscribe", wait: wait(1) });
    tell({ type: "topic.unsubscribe", wait: wait(2) });
    expect(matchedBy(publish("e1"))).toEqual([]);
  });
});

describe("a wait that looks back", () => {
  test("gets the oldest event in its window that matches, at once, and is not kept", () => {
    const { tell, state } = topic();
    tell(publish("old", { n: 1 }, 1), 100);
    tell(publish("first", { n: 1 }, 2), 200);
    tell(publish("second", { n: 1 }, 3), 300);
    expect(sent(tell(subscribe(1, { n: 1 }, 150), 350))).toMatchObject([
      { to: runOf(1), payload: payload(2) },
    ]);
    expect(state.waits.size).toBe(0);
    expect(sent(tell(subscribe(1, { n: 2 }, 150), 350))).toEqual([]);
    expect(sent(tell(subscribe(2, { n: 1 }), 350))).toEqual([]);
    expect(state.waits.size).toBe(2);
  });

  test("sees nothing beyond the topic's memory", () => {
    const { tell } = topic();
    tell(publish("e"), 0);
    expect(sent(tell(subscribe(1, undefined, Infinity), limits.topicLookBackMs))).toEqual([]);
  });
});

describe("a trigger", () => {
  const trigger: Trigger = { id: "t", match: { kind: "new" }, workflow: "greet", queue: "q" };
  const set: TopicMessage = { type: "topic.trigger", namespace: "default", trigger, request: 1 };

  test("starts a run per event that matches, under a key of both", () => {
    const { tell } = topic();
    tell(set);
    expect(sent(tell(publish("e1", { kind: "old" })))).toEqual([]);
    const [message] = sent(tell(publish("e2", { kind: "new" }), 77));
    const key = { namespace: "default", kind: "workflow", id: "t:e2" };
    const slot = slotOf(keyStream(key));
    const started = derivedRunId(77, slot, keyStream(key));
    expect(isRunId(started) && slotOf(runStream(started)) === slot).toBe(true);
    expect(message).toMatchObject({
      to: keyStream(key),
      type: "key.start",
      reuse: "reject",
      spec: { runId: started, workflow: "greet", queue: "q", key, input: payload() },
    });
  });

  test("is replaced by one with its id, and gone when it is removed", () => {
    const { tell } = topic();
    tell(set);
    expect(tell({ ...set, trigger: { id: "t", workflow: "other", queue: "q" } })).toEqual([ok]);
    expect(sent(tell(publish("e1")))).toMatchObject([{ spec: { workflow: "other" } }]);
    expect(tell({ type: "topic.untrigger", id: "t", request: 1 })).toEqual([ok]);
    expect(sent(tell(publish("e2")))).toEqual([]);
    expect(tell({ type: "topic.untrigger", id: "t", request: 1 })).toMatchObject([
      { reply: { code: "not-found" } },
    ]);
  });

  test("one too many is refused, but not one that replaces", () => {
    const { tell } = topic();
    const numbered = (n: number) => ({ ...set, trigger: { ...trigger, id: `t${n}` } });
    for (let n = 0; n < limits.topicTriggers; n++) expect(tell(numbered(n))).toEqual([ok]);
    expect(tell(numbered(-1))).toMatchObject([{ reply: { code: "limit-exceeded" } }]);
    expect(tell(numbered(5))).toEqual([ok]);
  });
});

describe("a topic's memory", () => {
  test("is bounded by count", () => {
    const { tell, state } = topic();
    for (let n = 0; n <= limits.topicRecentEvents; n++) tell(publish(`e${n}`));
    expect(state.recent.size).toBe(limits.topicRecentEvents);
    expect(state.recent.has("e0")).toBe(false);
  });

  test("is bounded by bytes, but never forgets the newest", () => {
    const { tell, state } = topic();
    tell(publish("small"));
    tell(publish("full", undefined, limits.topicRecentBytes - 1));
    expect([...state.recent.keys()]).toEqual(["small", "full"]);
    tell(publish("one too many"));
    expect([...state.recent.keys()]).toEqual(["full", "one too many"]);
    tell(publish("huge", undefined, limits.topicRecentBytes + 1));
    expect([...state.recent.keys()]).toEqual(["huge"]);
    expect(state.recentBytes).toBe(limits.topicRecentBytes + 1);
  });

  test("ends with the newest event's age, and then the topic is empty", () => {
    const { tell, state } = topic();
    tell(publish("e1"), 10);
    tell(publish("e2"), 20);
    expect(topicMachine.wakeAt(state)).toBe(20 + limits.topicLookBackMs);
    expect(topicMachine.isEmpty(state)).toBe(false);
    tell({ type: "wake" }, 20 + limits.topicLookBackMs);
    expect(state.recentBytes).toBe(0);
    expect(topicMachine.wakeAt(state)).toBeUndefined();
    expect(topicMachine.isEmpty(state)).toBe(true);
  });

  test("one wait too many is paused, so that a person sees it", () => {
    const { tell, state } = topic();
    for (let n = 0; n < limits.topicWaits; n++) tell(subscribe(n));
    expect(sent(tell(subscribe(5)))).toEqual([]);
    expect(sent(tell(subscribe(limits.topicWaits)))).toMatchObject([
      { to: runOf(limits.topicWaits), type: "run.pause" },
    ]);
    expect(state.waits.size).toBe(limits.topicWaits);
  });
});

describe("matching", () => {
  test.each<[string, JsonObject | undefined, JsonObject | undefined, boolean]>([
    ["no match takes everything", undefined, undefined, true],
    ["an event without data answers only that", {}, undefined, false],
    ["an empty match takes any data", {}, { a: 1 }, true],
    ["named members must match", { a: 1 }, { a: 1, b: 2 }, true],
    ["a missing member does not", { c: null }, { a: 1 }, false],
    ["null is a value", { c: null }, { c: null }, true],
    ["objects match at any depth", { a: { b: { c: 1 } } }, { a: { b: { c: 1, d: 2 } } }, true],
    ["a scalar is not an object", { a: { b: 1 } }, { a: 1 }, false],
    ["arrays must be equal", { a: [1, 2] }, { a: [1, 2] }, true],
    ["and not longer", { a: [1] }, { a: [1, 2] }, false],
    ["objects in arrays too", { a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }] }, false],
    ["an object is not an array", { a: {} }, { a: [] }, false],
    ["what every object inherits is no member", { toString: "x" }, {}, false],
    ['1 is not "1"', { a: 1 }, { a: "1" }, false],
  ])("%s", (_, match, data, expected) => {
    expect(matches(match, data)).toBe(expected);
  });
});
