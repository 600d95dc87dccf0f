import { describe, expect, test } from "vitest";
import type { WaitFor } from "../../events/waits.ts";
import { keyStream, namedRunId, namingRequest, runId, runStream } from "../../ids.ts";
import { note, RunRig } from "./rig.test-support.ts";

const key = { namespace: "n", kind: "workflow:Order", id: "7" };
const other = runId(1, 9, "00000000000000ff");

function waiting(on: WaitFor, spec = { key, mode: "shared" } as const): RunRig {
  return new RunRig().start(spec).answer([{ type: "wait.start", key: "w:1", ordinal: 1, on }]);
}

const sent = (rig: RunRig) => rig.effects("send").map(({ to, message }) => ({ to, ...message }));

describe("a wait for a promise of the run's key", () => {
  test("asks the key, and is resolved by its word", () => {
    for (const ask of ["value", "peek", "settle"] as const) {
      const rig = waiting({ type: "keyPromise", name: "paid", ask, payload: note(1) });
      const wait = { runId: rig.id, key: "w:1" };
      const asked = { type: "key.promise", ask, name: "paid", wait, payload: note(1) };
      expect(sent(rig)).toContainEqual({ to: keyStream(key), ...asked });
      rig.tell({ type: "wait.match", key: "w:1", payload: note(2) });
      expect(rig.events.at(-1)).toMatchObject({ kind: "wait.resolved", payload: note(2) });
      expect(rig.state.operations.size).toBe(0);
    }
  });

  test("of a run without a key pauses it; in a fork without one it fails", () => {
    const on = { type: "keyPromise", name: "paid", ask: "value" } as const;
    const rig = new RunRig().start();
    rig.answer([{ type: "wait.start", key: "w:1", ordinal: 1, on }]);
    expect(rig.kinds()).toContain("run.paused");
    const fork = new RunRig().fork(waiting(on).events);
    expect(fork.events.at(-1)).toMatchObject({
      kind: "wait.resolved",
      failure: { code: "not-found" },
    });
  });
});

describe("a wait for another run", () => {
  test("attaches to it, and is resolved by how it ends", () => {
    const rig = waiting({ type: "run", ask: "outcome", runId: other });
    const listener = { runId: rig.id, key: "w:1" };
    expect(sent(rig)).toContainEqual({
      to: runStream(other),
      type: "run.attach",
      listener,
      namespace: "n",
    });
    const failure = { code: "boom", message: "it broke" };
    rig.tell({ type: "child.closed", key: "w:1", outcome: { status: "failed", failure } });
    expect(rig.events.at(-1)).toMatchObject({ kind: "wait.resolved", failure });
  });

  test("goes through its key where one is named", () => {
    const rig = waiting({ type: "run", ask: "peek", key });
    const listener = { runId: rig.id, key: "w:1" };
    const asked = { to: keyStream(key), type: "key.attach", ask: "peek", listener };
    expect(sent(rig)).toContainEqual(asked);
  });

  test("over the wall pauses the run", () => {
    const rig = waiting({ type: "run", ask: "peek", key: { ...key, namespace: "other" } });
    expect(rig.kinds()).toContain("run.paused");
    expect(sent(rig)).toEqual([]);
  });

  test("that only peeks is answered by nothing while the run is open", () => {
    const rig = new RunRig().start();
    const listener = { runId: other, key: "w:1" };
    rig.tell({ type: "run.peek", listener, namespace: "n" });
    rig.answer([{ type: "run.complete", output: note("done") }]);
    rig.tell({ type: "run.peek", listener, namespace: "n" });
    rig.tell({ type: "run.peek", listener, namespace: "another" });
    const answer = { to: runStream(other), type: "wait.match", key: "w:1" };
    expect(sent(rig).slice(0, 2)).toEqual([answer, { ...answer, payload: note("done") }]);
    expect(sent(rig)[2]).toMatchObject({ outcome: { failure: { code: "not-found" } } });
  });
});

describe("a child", () => {
  const target = { workflow: "c", input: note(0), queue: "q" };
  const call = (rig: RunRig, more: object = {}) =>
    rig.answer([
      {
        type: "call.start",
        key: "c:1",
        ordinal: 1,
        target: { ...target, ...more },
        onParentClose: "follow",
      },
    ]);

  test("that follows is terminated with its parent, and otherwise left alone", () => {
    const ended = call(new RunRig().start()).tell({ type: "run.terminate" });
    expect(sent(ended).map(({ type }) => type)).toEqual(["run.start", "run.terminate"]);
    const done = call(new RunRig().start()).answer([{ type: "run.complete", output: note(1) }]);
    expect(sent(done).map(({ type }) => type)).toEqual(["run.start"]);
  });

  test("whose request names a run is that run, whoever calls first", () => {
    const named = namedRunId(7, "an idempotent call");
    expect(namedRunId(7, "an idempotent call")).toBe(named);
    const rig = call(new RunRig().start(), { requestId: namingRequest(named) });
    expect(sent(rig)).toMatchObject([{ to: runStream(named) }]);
    const child = new RunRig();
    const requestId = namingRequest(named);
    const parent = { runId: other, key: "c:1" };
    child.start({ requestId, parent });
    child.start({ requestId, parent });
    child.start({ requestId, parent: { runId: rig.id, key: "c:1" } });
    child.start({ requestId, workflow: "another", parent: { runId: rig.id, key: "c:2" } });
    expect(child.kinds()).toEqual(["run.started", "run.attached"]);
    expect(sent(child)).toMatchObject([
      { to: runStream(rig.id), key: "c:2", outcome: { failure: { code: "conflict" } } },
    ]);
  });
});

test("a run that its code pauses while it fails is paused once, for the code's reason", () => {
  const rig = new RunRig().start();
  const failure = { code: "500", message: "again", retryable: false };
  const pause = { type: "run.pause", reason: "exhausted", message: "5 attempts failed" } as const;
  rig.tell({ type: "run.answer", answer: { commands: [pause], failure } });
  expect(rig.kinds()).toEqual(["run.started", "run.paused", "activation.failed"]);
  expect(rig.state.paused?.reason).toBe("exhausted");
});
