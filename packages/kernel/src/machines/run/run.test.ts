import { describe, expect, it } from "vitest";
import type { Command } from "../../commands/command.ts";
import { RunRig, note } from "./rig.test-support.ts";

const retry = { initialMs: 100, factor: 2, maxIntervalMs: 1_000, maxAttempts: 3 };
const remote = { task: "pay", queue: "q", input: note("in"), retry, timeouts: {} };

describe("a run's life", () => {
  it("starts once, however often it is told to", () => {
    const rig = new RunRig();
    rig.start();
    rig.start();
    expect(rig.kinds()).toEqual(["run.started"]);
    expect(rig.replies).toMatchObject([{ existing: false }, { existing: true }]);
  });

  it("goes from start through local steps to its output, one event each", () => {
    const rig = new RunRig().start();
    expect(rig.wantsActivation).toBe(true);
    rig.answer([rig.done("a", 1)]);
    rig.answer([rig.done("b", 2), { type: "run.complete", output: note("out") }]);
    expect(rig.kinds()).toEqual([
      "run.started",
      "step.completed",
      "step.completed",
      "run.completed",
    ]);
    expect(rig.effects("closed")).toHaveLength(1);
    expect(rig.wantsActivation).toBe(false);
  });

  it("notes where a result was given to the code only where a replay would give it elsewhere", () => {
    const rig = new RunRig().start();
    const given = (key: string, ordinal: number, seq: number): Command => {
      return { ...rig.done(key, ordinal), given: seq } as Command;
    };
    // Both seen after event 1, one after the other: as they stand in the journal.
    rig.answer([given("a", 1, 1), given("b", 2, 1)]);
    // Seen after event 3, before the signal, which came to the journal first.
    rig.tell({ type: "run.signal", signal: { name: "s" } });
    rig.answer([given("c", 3, 3), given("d", 4, 3)]);
    // Seen after the signal; and one that the code had where it asked.
    rig.answer([given("e", 5, 6), given("f", 6, 0)]);
    // Of code that waits for its results.
    rig.answer([rig.done("g", 7)]);
    const seen = rig.events.map((event) =>
      event.kind === "step.completed" ? [event.key, event.given] : event.kind,
    );
    expect(seen).toEqual([
      "run.started",
      ["a", undefined],
      ["b", undefined],
      "signal.received",
      ["c", 3],
      ["d", 3],
      ["e", undefined],
      ["f", 0],
      ["g", undefined],
    ]);
  });

  it("takes results for seen that come with the word that the code waits, and nothing after them", () => {
    const rig = new RunRig().start();
    const given = { ...rig.done("a", 1), given: 1 } as Command;
    const wait = { type: "wait.start", key: "w", ordinal: 2 } as const;
    rig.answer([given, { ...wait, on: { type: "signal", name: "s" } }], 1);
    expect(rig.state.through).toBe(2);
    expect(rig.wantsActivation).toBe(false);
    rig.tell({ type: "run.signal", signal: { name: "s" } });
    expect(rig.wantsActivation).toBe(true);
    // The signal is not seen yet, so nothing behind it is.
    rig.answer([{ ...rig.done("b", 3), given: 2 } as Command], 2);
    expect(rig.wantsActivation).toBe(true);
  });

  it("does not change after it has closed (invariant 7)", () => {
    const rig = new RunRig().start().answer([{ type: "run.complete", output: note("out") }]);
    const before = rig.events.length;
    rig.answer([rig.done("late", 1)]);
    rig.tell({ type: "run.signal", signal: { name: "hello" }, request: 7 });
    rig.tell({ type: "run.cancel", request: 8 });
    rig.tell({ type: "wake" });
    expect(rig.events).toHaveLength(before);
    expect(rig.replies.at(-2)).toMatchObject({ code: "already-closed" });
    expect(rig.replies.at(-1)).toEqual({ type: "ok" });
  });

  it("answers a signal that it has taken, under its id, after it has closed too", () => {
    const rig = new RunRig().start();
    const wait = { type: "wait.start", key: "w", ordinal: 1 } as const;
    rig.answer([{ ...wait, on: { type: "signal", name: "go" } }], 1);
    rig.tell({ type: "run.signal", signal: { name: "go", id: "x" }, request: 1 });
    rig.answer([{ type: "run.complete", output: note("out") }]);
    const before = rig.events.length;
    rig.tell({ type: "run.signal", signal: { name: "go", id: "x" }, request: 2 });
    rig.tell({ type: "run.signal", signal: { name: "go", id: "y" }, request: 3 });
    expect(rig.events).toHaveLength(before);
    expect(rig.replies.at(-2)).toEqual({ type: "ok" });
    expect(rig.replies.at(-1)).toMatchObject({ code: "already-closed" });
  });

  it("wants no activation once its code has seen everything, and one again when something comes", () => {
    const rig = new RunRig().start();
    rig.answer(
      [{ type: "wait.start", key: "w", ordinal: 1, on: { type: "signal", name: "go" } }],
      1,
    );
    expect(rig.wantsActivation).toBe(false);
    rig.tell({ type: "run.signal", signal: { name: "go", payload: note(1) } });
    expect(rig.wantsActivation).toBe(true);
    expect(rig.kinds().slice(-2)).toEqual(["signal.received", "wait.resolved"]);
  });

  it("times out as a whole", () => {
    const rig = new RunRig().start({ runTimeoutMs: 5_000 });
    expect(rig.wakeAt).toBe(rig.now + 5_000);
    rig.sleep(5_000);
    expect(rig.state.outcome?.status).toBe("timedOut");
    expect(rig.wakeAt).toBeUndefined();
  });

  it("waits for a delayed start, and may be cancelled before", () => {
    const rig = new RunRig().start({ startAt: 2_000_000 });
    expect(rig.wantsActivation).toBe(false);
    rig.sleep(2_000_000 - rig.now);
    expect(rig.wantsActivation).toBe(true);
    const other = new RunRig().start({ startAt: 2_000_000 });
    other.tell({ type: "run.cancel" });
    expect(other.state.outcome?.status).toBe("cancelled");
  });

  it("is not activated while paused, and goes on after resume", () => {
    const rig = new RunRig().start();
    rig.tell({ type: "run.pause", message: "lunch" });
    expect(rig.wantsActivation).toBe(false);
    rig.tell({ type: "run.resume" });
    expect(rig.wantsActivation).toBe(true);
  });

  it("hands its key, its listeners and its attributes to the run that continues it", () => {
    const key = { namespace: "n", kind: "workflow", id: "k" };
    const rig = new RunRig().start({ key, mode: "single", attributes: { a: 1 } });
    rig.answer([{ type: "run.continue", input: note("again") }]);
    const sends = rig.effects("send").map((effect) => effect.message);
    expect(sends).toMatchObject([
      { type: "key.closed", status: "continued" },
      { type: "run.start", spec: { attributes: { a: 1 }, continuedFrom: rig.id, key } },
    ]);
  });
});

describe("local steps", () => {
  it("are retried by their policy, and abandoned after the last attempt", () => {
    const rig = new RunRig().start();
    for (const attempt of [1, 2]) {
      rig.answer([rig.failed("s", 1, attempt, retry)]);
      rig.sleep(100 * 2 ** (attempt - 1));
      expect(rig.events.at(-1)).toMatchObject({ kind: "step.started", attempt: attempt + 1 });
    }
    rig.answer([rig.failed("s", 1, 3, retry)]);
    expect(rig.kinds().slice(-2)).toEqual(["step.failed", "step.abandoned"]);
    expect(rig.state.operations.size).toBe(0);
  });

  it("honour a delay that the far side asked for", () => {
    const rig = new RunRig().start();
    rig.answer([rig.failed("s", 1, 1, retry, { retryAfterMs: 777 })]);
    expect(rig.wakeAt).toBe(rig.now + 777);
  });

  it("keep saying that they may have run, whatever later attempts say", () => {
    const rig = new RunRig().start();
    rig.answer([rig.failed("s", 1, 1, retry)]);
    rig.sleep(100);
    // The second attempt was lost with its worker, and is made again by the next.
    rig.answer([{ ...rig.failed("s", 1, 2, retry), maybeRan: true } as Command]);
    expect(rig.events.at(-1)).toMatchObject({ kind: "step.failed", attempt: 2, maybeRan: true });
    rig.sleep(200);
    rig.answer([{ ...rig.done("s", 1), attempt: 3 } as Command]);
    expect(rig.events.at(-1)).toMatchObject({ kind: "step.completed", maybeRan: true });
  });

  it("that must not fail wait for a person, and start afresh on resume", () => {
    const rig = new RunRig().start();
    const careful = { ...retry, maxAttempts: 1, onExhausted: "pause" } as const;
    rig.answer([rig.failed("undo", 1, 1, careful)]);
    expect(rig.state.paused).toMatchObject({ reason: "exhausted", key: "undo" });
    rig.tell({ type: "run.resume" });
    expect(rig.events.at(-1)).toMatchObject({ kind: "step.started", attempt: 2 });
    rig.answer([rig.failed("undo", 1, 2, careful)]);
    expect(rig.state.paused).toMatchObject({ reason: "exhausted" });
  });

  it("recorded twice under one ordinal pause the run with what differs (invariant 9)", () => {
    const rig = new RunRig().start().answer([rig0("a", 1)]);
    rig.answer([rig0("b", 1)]);
    expect(rig.state.paused).toMatchObject({ reason: "nondeterminism" });
    expect(rig.state.paused?.message).toContain("operation 1");
    expect(rig.state.outcome).toBeUndefined();
  });
});

const rig0 = (key: string, ordinal: number) =>
  ({ type: "step.complete", key, ordinal, name: key, attempt: 1, output: note(1) }) as const;

describe("remote steps", () => {
  const scheduled = (timeouts = {}, policy = retry) =>
    new RunRig().start().answer(
      [
        {
          type: "step.schedule",
          key: "p",
          ordinal: 1,
          name: "p",
          spec: { ...remote, timeouts, retry: policy },
        },
      ],
      1,
    );
  const claim = { type: "step.claim", key: "p", attempt: 1, worker: "w", request: 1 } as const;

  it("are offered, claimed once, and completed by the claimer", () => {
    const rig = scheduled();
    expect(rig.effects("offer")).toEqual([{ type: "offer", key: "p", attempt: 1 }]);
    rig.tell(claim);
    rig.tell({ ...claim, worker: "thief" });
    expect(rig.replies.slice(1)).toMatchObject([
      { type: "claimed", attempt: 1 },
      { code: "stale" },
    ]);
    rig.tell({
      type: "step.result",
      key: "p",
      attempt: 1,
      result: { type: "completed", output: note(1) },
    });
    expect(rig.kinds().at(-1)).toBe("step.completed");
    expect(rig.wantsActivation).toBe(true);
  });

  it("accept an outcome once, from the open attempt (invariant 5)", () => {
    const rig = scheduled({ startToCloseMs: 1_000 });
    rig.tell(claim);
    rig.sleep(1_000);
    const late = {
      type: "step.result",
      key: "p",
      attempt: 1,
      result: { type: "completed", output: note(1) },
      request: 9,
    } as const;
    rig.tell(late);
    expect(rig.replies.at(-1)).toMatchObject({ code: "stale" });
    expect(rig.kinds()).not.toContain("step.completed");
  });

  it("are not used up by attempts that reached no code", () => {
    const rig = scheduled({}, { ...retry, maxAttempts: 2 });
    const failure = { code: "push-failed", message: "nobody listens there" };
    const end = (attempt: number, untouched: boolean): void => {
      rig.tell({ ...claim, attempt });
      const result = { type: "failed", failure, ...(untouched ? { untouched } : {}) } as const;
      rig.tell({ type: "step.result", key: "p", attempt, result, request: 9 });
      rig.sleep(100);
    };
    for (const attempt of [1, 2, 3]) end(attempt, true);
    expect(rig.events.at(-2)).toMatchObject({ kind: "step.failed", attempt: 3, untouched: true });
    end(4, false);
    expect(rig.events.at(-1)).toMatchObject({ kind: "step.rescheduled", attempt: 5 });
    end(5, false);
    expect(rig.kinds().slice(-2)).toEqual(["step.failed", "step.abandoned"]);
  });

  it("say after a lost attempt that they may have run", () => {
    const rig = scheduled();
    rig.tell(claim);
    rig.tell({ type: "step.lost", key: "p", attempt: 1, worker: "w" });
    rig.sleep(100);
    rig.tell({ ...claim, attempt: 2 });
    expect(rig.replies.at(-1)).toMatchObject({ type: "claimed", maybeRan: true, attempt: 2 });
  });

  it.each([
    ["scheduleToStartMs", "timeout-schedule-to-start", false, "step.abandoned"],
    ["scheduleToCloseMs", "timeout-schedule-to-close", true, "step.abandoned"],
    ["startToCloseMs", "timeout-start-to-close", true, "step.failed"],
    ["heartbeatMs", "timeout-heartbeat", true, "step.failed"],
  ])("%s ends in %s", (limit, code, claimed, last) => {
    const rig = scheduled({ [limit]: 500 });
    if (claimed) rig.tell(claim);
    rig.sleep(500);
    expect(rig.kinds().at(-1)).toBe(last);
    expect(JSON.stringify(rig.events)).toContain(code);
  });

  it("keep a heartbeat's details for the next attempt", () => {
    const rig = scheduled({ heartbeatMs: 500 });
    rig.tell(claim);
    rig.sleep(400);
    rig.tell({ type: "step.beat", key: "p", attempt: 1, details: note("half"), request: 2 });
    rig.sleep(499);
    expect(rig.kinds()).not.toContain("step.failed");
    rig.sleep(1);
    rig.sleep(100);
    rig.tell({ ...claim, attempt: 2 });
    expect(rig.replies.at(-1)).toMatchObject({ heartbeatDetails: note("half") });
  });

  it("are cancelled at once when nobody has them, and by their worker's word when somebody has", () => {
    const idle = scheduled().answer([{ type: "step.cancel", key: "p" }]);
    expect(idle.kinds()).toContain("step.cancelled");
    const busy = scheduled();
    busy.tell(claim);
    busy.answer([{ type: "step.cancel", key: "p" }]);
    expect(busy.kinds()).not.toContain("step.cancelled");
    busy.tell({ type: "step.result", key: "p", attempt: 1, result: { type: "cancelled" } });
    expect(busy.kinds()).toContain("step.cancelled");
  });
});

describe("waits, signals and children", () => {
  const wait = (key: string, ordinal: number) =>
    ({ type: "wait.start", key, ordinal, on: { type: "signal", name: "go" } }) as const;

  it("take buffered signals first in, first out", () => {
    const rig = new RunRig().start();
    rig.tell({ type: "run.signal", signal: { name: "go", payload: note(1) } });
    rig.tell({ type: "run.signal", signal: { name: "go", payload: note(2) } });
    rig.answer([wait("a", 1), wait("b", 2), wait("c", 3)]);
    expect(rig.events.filter((event) => event.kind === "wait.resolved")).toMatchObject([
      { key: "a", signal: 2 },
      { key: "b", signal: 3 },
    ]);
    expect(rig.state.operations.has("c")).toBe(true);
  });

  it("drop a signal that was sent twice under one id (invariant 4)", () => {
    const rig = new RunRig().start();
    rig.tell({ type: "run.signal", signal: { name: "go", id: "x" } });
    rig.tell({ type: "run.signal", signal: { name: "go", id: "x" } });
    expect(rig.kinds().filter((kind) => kind === "signal.received")).toHaveLength(1);
  });

  it("time out, and take their subscription back", () => {
    const rig = new RunRig().start();
    const on = { type: "event", name: "paid" } as const;
    rig.answer([{ type: "wait.start", key: "e", ordinal: 1, on, deadline: rig.now + 10 }]);
    rig.sleep(10);
    expect(rig.kinds().at(-1)).toBe("wait.timedOut");
    expect(rig.effects("send").map((effect) => effect.message.type)).toEqual([
      "topic.subscribe",
      "topic.unsubscribe",
    ]);
  });

  it("part with open children by the policy of each when the parent closes", () => {
    const rig = new RunRig().start();
    const target = { workflow: "c", input: note(0), queue: "q" };
    const call = { type: "call.start", target } as const;
    rig.answer([
      { ...call, key: "t", ordinal: 1, onParentClose: "terminate" },
      { ...call, key: "c", ordinal: 2, onParentClose: "cancel" },
      { ...call, key: "a", ordinal: 3, onParentClose: "abandon" },
      { type: "run.complete", output: note(0) },
    ]);
    const types = rig.effects("send").map((effect) => effect.message.type);
    expect(types).toEqual(["run.start", "run.start", "run.start", "run.terminate", "run.cancel"]);
  });
});

describe("keyed state", () => {
  it("that a later hold asks for again is answered by the value on its way", () => {
    const key = { namespace: "n", kind: "object:cart", id: "7" };
    const rig = new RunRig().start({ key, mode: "exclusive" });
    const read = { type: "state.read", key: "state:x", ordinal: 1, name: "x" } as const;
    rig.answer([read]);
    rig.tell({ type: "state.value", key: "state:x", ordinal: 1, value: note("v") });
    rig.answer([read]);
    expect(rig.kinds()).toEqual(["run.started", "value.recorded"]);
  });
});

describe("a run that is not there", () => {
  it("tells whoever wants to wait for it, and journals nothing", () => {
    const rig = new RunRig();
    rig.tell({ type: "run.attach", listener: { runId: rig.id, key: "c" } });
    rig.tell({ type: "run.signal", signal: { name: "s" }, request: 1 });
    rig.tell({ type: "step.lost", key: "p", attempt: 1, worker: "w" });
    expect(rig.events).toEqual([]);
    expect(rig.replies).toMatchObject([{ code: "not-found" }]);
    expect(rig.effects("send")[0]?.message).toMatchObject({ type: "child.closed", key: "c" });
  });
});

describe("a fork", () => {
  it("copies the prefix as it was and opens again what was open", () => {
    const rig = new RunRig().start();
    rig.answer([
      rig0("a", 1),
      { type: "step.schedule", key: "p", ordinal: 2, name: "p", spec: remote },
      { type: "timer.start", key: "t", ordinal: 3, fireAt: rig.now + 1_000 },
    ]);
    const fork = new RunRig().fork(rig.events);
    expect(fork.events.slice(0, rig.events.length)).toEqual(rig.events);
    expect(fork.events.at(-1)).toMatchObject({ kind: "run.forked", through: rig.events.length });
    expect(fork.effects("offer")).toHaveLength(1);
    expect(fork.wakeAt).toBe(rig.wakeAt);
    expect(fork.wantsActivation).toBe(true);
  });

  it("calls an object under its key again, and a workflow without one", () => {
    const target = { workflow: "w", input: note(0), queue: "q" };
    const key = { namespace: "n", kind: "object:cart", id: "7" };
    const onParentClose = "terminate";
    const rig = new RunRig().start();
    rig.answer([
      {
        type: "call.start",
        key: "o",
        ordinal: 1,
        target: { ...target, key, mode: "exclusive" },
        onParentClose,
      },
      { type: "call.start", key: "w", ordinal: 2, target: { ...target, key }, onParentClose },
    ]);
    const fork = new RunRig().fork(rig.events);
    expect(fork.effects("send").map(({ message }) => message.type)).toEqual([
      "key.start",
      "run.start",
    ]);
  });

  it("tries a local step again that had used up its attempts", () => {
    const once = { ...retry, maxAttempts: 1, onExhausted: "pause" } as const;
    const rig = new RunRig().start();
    rig.answer([rig.failed("a", 1, 1, once)]);
    const fork = new RunRig().fork(rig.events);
    expect(fork.events.at(-1)).toMatchObject({ kind: "step.started", key: "a", attempt: 2 });
  });

  it("does not let time go back when its clock is behind the copied past", () => {
    const rig = new RunRig().start().answer([rig0("a", 1)]);
    const behind = new RunRig();
    behind.now -= 500;
    const times = behind.fork(rig.events).events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("of a closed run is refused with the way out", () => {
    const rig = new RunRig().start().answer([{ type: "run.complete", output: note(0) }]);
    const fork = new RunRig().fork(rig.events);
    expect(fork.events).toHaveLength(0);
    expect(fork.replies.at(-1)).toMatchObject({ code: "invalid-argument" });
  });
});
