import { describe, expect, test } from "vitest";
import type { Effect, Reply } from "../../effects.ts";
import type { OperationRef, RunSpec } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import { runId, runStream, scheduleStream } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { KeyMessage } from "../../messages.ts";
import { decide } from "../machine.ts";
import type { KeyMessageOf } from "./state.ts";
import { keyMachine } from "./index.ts";

const id = (n: number): RunId => runId(0, 7, n.toString(16).padStart(16, "0"));
const parent: OperationRef = { runId: id(900), key: "child" };
const payload = { encoding: "json", data: new Uint8Array([49]) };

function spec(n: number, more: Partial<RunSpec> = {}): RunSpec {
  const key = { namespace: "default", kind: "workflow", id: "order-1" };
  const base = { namespace: "default", workflow: "w", queue: "q", input: payload, key };
  return { ...base, runId: id(n), ...more };
}

type Options = Partial<Omit<KeyMessageOf<"key.start">, "type" | "spec">> & {
  readonly spec?: Partial<RunSpec>;
};

function start(n: number, { spec: more, ...options }: Options = {}): KeyMessage {
  const policies = { mode: "single", reuse: "allow", conflict: "useExisting" } as const;
  return { type: "key.start", request: n, spec: spec(n, more), ...policies, ...options };
}

const exclusive = (n: number, more: Partial<RunSpec> = {}) =>
  start(n, { mode: "exclusive", spec: more });

function freshKey() {
  const state = keyMachine.initial();
  const told = (message: KeyMessage, at = 0) => decide(keyMachine, state, message, at).effects;
  return {
    state,
    tell: told,
    /** What the caller hears. */
    ask: (message: KeyMessage, at = 0): Reply | undefined => replyIn(told(message, at)),
    /** The runs that are started. */
    startedBy: (message: KeyMessage, at = 0) => startedIn(told(message, at)),
  };
}

function replyIn(effects: readonly Effect[]): Reply | undefined {
  return effects.find((effect) => effect.type === "reply")?.reply;
}

function sent(effects: readonly Effect[]) {
  return effects
    .filter((effect) => effect.type === "send")
    .map(({ to, message }) => ({ to, ...message }));
}

function startedIn(effects: readonly Effect[]): RunId[] {
  return sent(effects).flatMap((message) =>
    message.type === "run.start" ? [message.spec.runId] : [],
  );
}

const closed = (n: number, status: "completed" | "failed" = "completed"): KeyMessage => ({
  type: "key.closed",
  runId: id(n),
  status,
});

const ran = (n: number) => ({ type: "run", runId: id(n), existing: false });
const joined = (n: number) => ({ type: "run", runId: id(n), existing: true });
const refused = (code: string): unknown => expect.objectContaining({ type: "error", code });

describe("a start with mode single", () => {
  test("starts the run and replies itself", () => {
    const effects = freshKey().tell(start(1));
    expect(replyIn(effects)).toEqual(ran(1));
    expect(sent(effects)).toEqual([
      { to: runStream(id(1)), type: "run.start", spec: spec(1, { mode: "single" }) },
    ]);
  });

  test("with the request id of an earlier start returns that run, whatever the policies", () => {
    const { ask } = freshKey();
    ask(start(1, { spec: { requestId: "r" } }));
    const again = start(2, { spec: { requestId: "r" }, conflict: "fail", reuse: "reject" });
    expect(ask(again)).toEqual(joined(1));
    ask(closed(1));
    expect(ask(again)).toEqual(joined(1));
  });

  test("that was answered with another's run is answered with it again", () => {
    const { ask } = freshKey();
    ask(start(1));
    expect(ask(start(2, { spec: { requestId: "r" } }))).toEqual(joined(1));
    ask(closed(1));
    expect(ask(start(3, { spec: { requestId: "r" } }))).toEqual(joined(1));
  });

  test("meets an open run: fail says which", () => {
    const { ask } = freshKey();
    ask(start(1));
    expect(ask(start(2, { conflict: "fail" }))).toEqual(
      expect.objectContaining({ code: "already-exists", detail: { runId: id(1) } }),
    );
  });

  test("meets an open run: terminateExisting replaces it, and its end is no news", () => {
    const { tell, state, startedBy } = freshKey();
    tell(start(1));
    const effects = tell(start(2, { conflict: "terminateExisting" }));
    expect(sent(effects).map(({ to, type }) => [to, type])).toEqual([
      [runStream(id(1)), "run.terminate"],
      [runStream(id(2)), "run.start"],
    ]);
    const before = state.seq;
    expect(startedBy({ type: "key.closed", runId: id(1), status: "terminated" })).toEqual([]);
    expect(state.seq).toBe(before);
    expect(state.current?.runId).toBe(id(2));
  });

  test.each([
    ["allow", "completed", true],
    ["allow", "failed", true],
    ["allowAfterFailure", "completed", false],
    ["allowAfterFailure", "failed", true],
    ["reject", "completed", false],
    ["reject", "failed", false],
  ] as const)("meets a closed run: %s after %s", (reuse, status, isAllowed) => {
    const { ask } = freshKey();
    ask(start(1));
    ask(closed(1, status));
    expect(ask(start(2, { reuse }))).toEqual(isAllowed ? ran(2) : refused("already-exists"));
  });

  test("leaves startAt to the run, which holds the key meanwhile", () => {
    const { tell, state } = freshKey();
    const effects = tell(start(1, { spec: { startAt: 500 } }));
    expect(sent(effects)[0]).toMatchObject({ type: "run.start", spec: { startAt: 500 } });
    expect(state.current?.runId).toBe(id(1));
  });

  test("delivers the signal that rides along to whichever run results, once per request", () => {
    const { tell } = freshKey();
    const signal = { name: "go" };
    const first = start(1, { signal, spec: { requestId: "r" } });
    const toRun = { to: runStream(id(1)), type: "run.signal", signal };
    expect(sent(tell(first))).toContainEqual(toRun);
    expect(sent(tell(start(2, { signal })))).toEqual([toRun]);
    expect(sent(tell(first))).toEqual([]);
  });
});

describe("a call from another run", () => {
  test("that is refused closes as failed", () => {
    const { tell } = freshKey();
    tell(start(1));
    const effects = tell(start(2, { conflict: "fail", spec: { parent } }));
    expect(sent(effects)).toEqual([
      {
        to: runStream(parent.runId),
        type: "child.closed",
        key: "child",
        outcome: {
          status: "failed",
          failure: expect.objectContaining({ code: "already-started", retryable: false }),
        },
      },
    ]);
  });

  test("that meets an open run waits for that one's end", () => {
    const { tell } = freshKey();
    tell(start(1));
    expect(sent(tell(start(2, { spec: { parent } })))).toEqual([
      { to: runStream(parent.runId), type: "child.started", key: "child", runId: id(1) },
      { to: runStream(id(1)), type: "run.attach", listener: parent },
    ]);
  });

  test("that repeats a request in the inbox is attached when its turn comes", () => {
    const { tell } = freshKey();
    tell(exclusive(1));
    tell(exclusive(2, { requestId: "r" }));
    expect(sent(tell(exclusive(3, { requestId: "r", parent })))).toEqual([]);
    expect(sent(tell(closed(1))).slice(1)).toEqual([
      { to: runStream(parent.runId), type: "child.started", key: "child", runId: id(2) },
      { to: runStream(id(2)), type: "run.attach", listener: parent },
    ]);
  });

  test("one too many for the same pending start is refused", () => {
    const { tell } = freshKey();
    tell(exclusive(1));
    tell(exclusive(2, { requestId: "r" }));
    const attach = (n: number) =>
      sent(tell(exclusive(n, { requestId: "r", parent: { runId: id(n), key: "c" } })));
    for (let n = 0; n < limits.keyListeners; n++) expect(attach(100 + n)).toEqual([]);
    expect(attach(99)).toMatchObject([{ outcome: { failure: { code: "overloaded" } } }]);
  });

  test("by a schedule that meets another's run hears that it did not start", () => {
    const { tell } = freshKey();
    const notify = { stream: scheduleStream("default", "nightly"), key: id(2) };
    tell(start(1));
    expect(sent(tell(start(2, { spec: { notify } })))).toMatchObject([
      { to: notify.stream, type: "child.closed", key: id(2), outcome: { status: "failed" } },
    ]);
  });
});

describe("a start with mode exclusive", () => {
  test("waits for its turn, first in, first out", () => {
    const { ask, startedBy } = freshKey();
    expect(ask(exclusive(1))).toEqual(ran(1));
    for (const n of [2, 3, 4]) expect(ask(exclusive(n))).toEqual(ran(n));
    expect(startedBy(closed(1))).toEqual([id(2)]);
    expect(startedBy(closed(1))).toEqual([]);
    expect(startedBy(closed(2))).toEqual([id(3)]);
    expect(startedBy(closed(3))).toEqual([id(4)]);
    expect(startedBy(closed(4))).toEqual([]);
  });

  test("waits for its time without holding the key, and then does not look at it again", () => {
    const { tell, state, startedBy } = freshKey();
    tell(exclusive(1, { startAt: 200 }));
    tell(exclusive(2, { startAt: 100 }));
    expect(startedBy(exclusive(3), 50)).toEqual([id(3)]);
    expect(keyMachine.wakeAt(state)).toBe(100);
    expect(startedBy({ type: "wake" }, 200)).toEqual([]);
    expect(keyMachine.wakeAt(state)).toBeUndefined();
    const next = sent(tell(closed(3), 300));
    expect(next).toEqual([
      { to: runStream(id(2)), type: "run.start", spec: spec(2, { mode: "exclusive" }) },
    ]);
    expect(startedBy(closed(2), 300)).toEqual([id(1)]);
  });

  test("starts by a wake when the key is free", () => {
    const { tell, startedBy } = freshKey();
    tell(exclusive(1, { startAt: 100 }));
    expect(startedBy({ type: "wake" }, 99)).toEqual([]);
    expect(startedBy({ type: "wake" }, 100)).toEqual([id(1)]);
  });

  test("one more than the inbox holds is told to come later", () => {
    const { tell, ask } = freshKey();
    tell(exclusive(0));
    for (let n = 1; n < limits.keyInbox; n++) tell(exclusive(n));
    expect(ask(exclusive(20_000, { startAt: 9 }))).toEqual(ran(20_000));
    expect(ask(exclusive(20_001))).toEqual(refused("overloaded"));
    expect(ask(exclusive(20_002, { startAt: 9 }))).toEqual(refused("overloaded"));
  });

  test("cancelled before its turn it never starts, and whoever waits for it hears so", () => {
    const { tell, startedBy } = freshKey();
    const other: OperationRef = { runId: id(901), key: "again" };
    tell(exclusive(1));
    tell(exclusive(2, { requestId: "r", parent }));
    tell(exclusive(3, { requestId: "r", parent: other }));
    tell(exclusive(4, { startAt: 100 }));
    const effects = tell({ type: "key.cancel", runId: id(2), request: 9 });
    expect(replyIn(effects)).toEqual({ type: "ok" });
    expect(sent(effects)).toMatchObject(
      [parent, other].map(({ runId: to, key: name }) => ({
        to: runStream(to),
        type: "child.closed",
        key: name,
        outcome: { status: "cancelled" },
      })),
    );
    tell({ type: "key.cancel", runId: id(4) });
    expect(startedBy(closed(1))).toEqual([]);
    expect(startedBy({ type: "wake" }, 100)).toEqual([]);
  });
});

describe("a start with mode shared", () => {
  test("starts beside the others and leaves no trace", () => {
    const { state, startedBy } = freshKey();
    startedBy(start(1));
    expect(startedBy(start(2, { mode: "shared" }))).toEqual([id(2)]);
    expect(startedBy(start(3, { mode: "shared" }))).toEqual([id(3)]);
    expect(state.seq).toBe(1);
  });

  test("is remembered by its request id alone", () => {
    const { ask } = freshKey();
    const shared = (n: number) => start(n, { mode: "shared", spec: { requestId: "r" } });
    expect(ask(shared(1))).toEqual(ran(1));
    expect(ask(shared(2))).toEqual(joined(1));
    expect(ask(start(3, { conflict: "fail" }))).toEqual(ran(3));
  });
});

describe("the run that holds the key", () => {
  test("goes on as another one after continue-as-new, and its requests with it", () => {
    const { ask, tell, state } = freshKey();
    tell(exclusive(1, { requestId: "r" }));
    tell(exclusive(2));
    expect(
      startedIn(tell({ type: "key.closed", runId: id(1), status: "continued", next: id(5) })),
    ).toEqual([]);
    expect(state.current).toEqual({ runId: id(5), mode: "exclusive" });
    expect(ask(exclusive(3, { requestId: "r" }))).toEqual(joined(5));
    expect(startedIn(tell(closed(5)))).toEqual([id(2)]);
  });

  test("closes once: to hear it again changes nothing", () => {
    const { tell, state } = freshKey();
    tell(start(1, { spec: { requestId: "r", retentionMs: 100 } }), 0);
    tell(closed(1), 10);
    const before = structuredClone(state);
    tell(closed(1, "failed"), 20);
    tell(closed(77), 20);
    expect(state).toEqual(before);
  });

  test("gets signals and cancels, and answers them itself", () => {
    const { tell } = freshKey();
    tell(start(1));
    const signal = { name: "approve" };
    expect(tell({ type: "key.signal", signal, request: 5 })).toEqual([
      { type: "send", to: runStream(id(1)), message: { type: "run.signal", signal, request: 5 } },
    ]);
    const cancel = { type: "run.cancel", reason: "why", by: "who", request: 6 };
    expect(tell({ type: "key.cancel", reason: "why", by: "who", request: 6 })).toEqual([
      { type: "send", to: runStream(id(1)), message: cancel },
    ]);
  });

  test("is missing: signals and cancels say so", () => {
    const { ask } = freshKey();
    ask(start(1));
    ask(closed(1));
    expect(ask({ type: "key.signal", signal: { name: "x" }, request: 1 })).toEqual(
      refused("not-found"),
    );
    expect(ask({ type: "key.cancel", request: 2 })).toEqual(refused("not-found"));
  });

  test("is over: a signal with an id goes to it all the same, for it may have taken that before", () => {
    const { ask, tell } = freshKey();
    const signal = { name: "x", id: "s" };
    expect(ask({ type: "key.signal", signal, request: 1 })).toEqual(refused("not-found"));
    tell(start(1));
    tell(closed(1));
    expect(tell({ type: "key.signal", signal, request: 2 })).toEqual([
      { type: "send", to: runStream(id(1)), message: { type: "run.signal", signal, request: 2 } },
    ]);
  });
});

describe("what a key remembers", () => {
  test("a closed run and its requests are forgotten when their retention is over", () => {
    const { tell, state, ask } = freshKey();
    tell(start(1, { spec: { requestId: "r", retentionMs: 1_000 } }), 5);
    tell(start(2, { spec: { requestId: "s" } }), 6);
    expect(keyMachine.wakeAt(state)).toBeUndefined();
    tell(closed(1), 10);
    expect(keyMachine.wakeAt(state)).toBe(1_010);
    tell({ type: "wake" }, 1_009);
    expect(ask(start(3, { reuse: "reject" }), 1_009)).toEqual(refused("already-exists"));
    tell({ type: "wake" }, 1_010);
    expect(keyMachine.isEmpty(state)).toBe(true);
    expect(ask(start(4, { reuse: "reject" }), 1_011)).toEqual(ran(4));
  });

  test("request ids are bounded, the oldest forgotten first", () => {
    const { tell, ask } = freshKey();
    const request = (n: number) => start(n, { mode: "shared", spec: { requestId: `r${n}` } });
    for (let n = 0; n < limits.keyIdempotencyKeys; n++) tell(request(n));
    expect(ask(request(0))).toEqual(joined(0));
    tell(request(limits.keyIdempotencyKeys));
    expect(ask(start(5_000, { mode: "shared", spec: { requestId: "r1" } }))).toEqual(joined(1));
    expect(ask(start(5_001, { mode: "shared", spec: { requestId: "r0" } }))).toEqual(ran(5_001));
  });

  test("keyed state outlives each run and is read by name", () => {
    const { tell, state } = freshKey();
    const read: KeyMessage = { type: "key.read", name: "cart", replyTo: parent, ordinal: 4 };
    const answer = { to: runStream(parent.runId), type: "state.value", key: "child", ordinal: 4 };
    expect(sent(tell(read))).toEqual([answer]);
    tell({ type: "key.write", name: "cart", value: payload });
    tell({ type: "key.write", name: "other", value: payload });
    expect(sent(tell(read))).toEqual([{ ...answer, value: payload }]);
    tell({ type: "key.clear", name: "cart" });
    expect(sent(tell(read))).toEqual([answer]);
    expect(keyMachine.isEmpty(state)).toBe(false);
    tell({ type: "key.clear" });
    expect(keyMachine.isEmpty(state)).toBe(true);
  });

  test("all of the state is replaced at once, but not under a run that holds the key", () => {
    const { tell, ask, state } = freshKey();
    tell({ type: "key.write", name: "cart", value: payload });
    const replace = (names: readonly string[]) =>
      ask({
        type: "key.replace",
        entries: names.map((name) => [name, payload] as const),
        request: 1,
      });
    expect(replace(["a", "b"])).toEqual({ type: "ok" });
    expect([...state.entries.keys()]).toEqual(["a", "b"]);
    tell(start(1));
    expect(replace(["c"])).toMatchObject({ code: "conflict", detail: { runId: id(1) } });
    tell({ type: "key.closed", runId: id(1), status: "completed" });
    const most = Array.from({ length: limits.keyStateEntries }, (_, n) => `n${n}`);
    expect(replace([...most, "more"])).toMatchObject({ code: "limit-exceeded" });
    expect([...state.entries.keys()]).toEqual(["a", "b"]);
    expect(replace(most)).toEqual({ type: "ok" });
    expect(state.entries.size).toBe(limits.keyStateEntries);
    expect(replace([])).toEqual({ type: "ok" });
    expect(state.entries.size).toBe(0);
  });

  test("one entry of state past the limit is kept, and its run waits for a person", () => {
    const { tell, state } = freshKey();
    tell(start(1));
    for (let n = 0; n < limits.keyStateEntries; n++) {
      expect(tell({ type: "key.write", name: `n${n}`, value: payload })).toEqual([]);
    }
    expect(sent(tell({ type: "key.write", name: "more", value: payload }))).toMatchObject([
      { to: runStream(id(1)), type: "run.pause" },
    ]);
    expect(state.entries.has("more")).toBe(true);
  });
});

describe("a run that several callers name", () => {
  const other: OperationRef = { runId: id(901), key: "child" };

  test("is heard of by each of them, whether it is open or over", () => {
    const key = freshKey();
    key.tell(exclusive(1, { parent, requestId: "one" }));
    const attach = { to: runStream(id(1)), type: "run.attach", listener: other };
    const started = { to: runStream(other.runId), type: "child.started", key: "child" };
    expect(sent(key.tell(exclusive(1, { parent: other, requestId: "one" })))).toMatchObject([
      started,
      attach,
    ]);
    key.tell({ type: "key.closed", runId: id(1), status: "completed" });
    expect(sent(key.tell(exclusive(1, { parent: other, requestId: "one" })))).toMatchObject([
      started,
      attach,
    ]);
  });

  test("is heard of by each of them while it waits for its turn", () => {
    const key = freshKey();
    key.tell(exclusive(1));
    key.tell(exclusive(2, { parent, requestId: "two" }));
    key.tell(exclusive(2, { parent, requestId: "two" }));
    key.tell(exclusive(2, { parent: other, requestId: "two" }));
    const effects = sent(key.tell({ type: "key.closed", runId: id(1), status: "completed" }));
    const attached = effects.filter(({ type }) => type === "run.attach");
    expect(attached).toMatchObject([{ listener: other }]);
  });
});
