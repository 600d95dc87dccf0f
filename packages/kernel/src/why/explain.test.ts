import { describe, expect, it } from "vitest";
import { note, RunRig } from "../machines/run/rig.test-support.ts";
import { explain } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import type { Surroundings } from "./surroundings.ts";

const alone: Surroundings = { serves: () => "nobody" };
const staffed: Surroundings = { serves: () => "yes" };

function why(rig: RunRig, world: Surroundings = staffed, afterMs = 0): Explanation {
  return explain(rig.state, world, rig.now + afterMs);
}

const retry = { initialMs: 60_000, factor: 1, maxIntervalMs: 60_000, maxAttempts: 0 };
const target = { workflow: "child", input: note(0), queue: "q" };

describe("why", () => {
  it("names a queue that nobody serves, and the cure", () => {
    const [first] = why(new RunRig().start(), alone).waiting;
    expect(first).toMatchObject({
      on: "worker",
      cures: [
        { text: 'start a worker for the queue "q" with the workflow "w"' },
        { command: "perdure workers list" },
      ],
    });
  });

  it("tells a queue without a worker from one without the code", () => {
    const world: Surroundings = { serves: () => "unknown-name" };
    expect(why(new RunRig().start(), world).summary).toContain("has code for the workflow");
  });

  it("names the version that a run is pinned to when no worker runs it any more", () => {
    const world: Surroundings = { serves: () => "other-version", versions: () => ["v2"] };
    const rig = new RunRig().start().tell({ type: "run.repin", version: "v1" });
    const told = why(rig, world, 3_600_000);
    expect(told.summary).toContain('it is pinned to the version "v1", which no worker of');
    expect(told.summary).toContain('there are workers of "v2", since 1 h');
    expect(told.cures[0]?.command).toBe(`perdure runs repin ${rig.id}`);
  });

  it("says who runs the code now", () => {
    const rig = new RunRig().start();
    const run = () => ({ state: rig.state, holder: "w-1" });
    const { waiting } = why(rig, { ...staffed, run });
    expect(waiting[0]).toMatchObject({ on: "worker", holder: "w-1" });
  });

  it("shows a step's failures, how often it was tried and when it is tried next", () => {
    const rig = new RunRig().start().answer([rigFail(1)], 1);
    const [first] = why(rig).waiting;
    expect(first).toMatchObject({ on: "retry", key: "s", attempt: 1, until: rig.now + 60_000 });
    expect(first?.lastFailure).toMatchObject({ code: "boom" });
    expect(first?.text).toContain("tried again in 1 min");
  });

  it("names the signal, and since when nobody has sent it", () => {
    const rig = new RunRig().start();
    const on = { type: "signal", name: "approval" } as const;
    rig.answer([{ type: "wait.start", key: "w", ordinal: 1, on }], 1);
    const answer = why(rig, staffed, 3 * 86_400_000);
    expect(answer.summary).toContain('the signal "approval", without a timeout, since 3 d');
    expect(answer.waiting[0]?.cures[0]).toEqual({
      text: "sends it; append its payload as JSON",
      command: `perdure runs signal ${rig.id} approval`,
    });
  });

  it("leads to the child, or to whoever holds the child's key", () => {
    const rig = new RunRig().start();
    const key = { namespace: "n", kind: "object:cart", id: "7" };
    rig.answer(
      [
        { type: "call.start", key: "a", ordinal: 1, target, onParentClose: "cancel" },
        {
          type: "call.start",
          key: "b",
          ordinal: 2,
          target: { ...target, key, mode: "exclusive" },
          onParentClose: "cancel",
        },
      ],
      1,
    );
    expect(why(rig).waiting).toMatchObject([{ on: "child" }, { on: "key" }]);
  });

  it("hands a paused run to a person, with what differs", () => {
    const rig = new RunRig().start();
    const failure = { code: "nondeterminism", message: "recorded step a, asked step b" };
    rig.tell({ type: "run.answer", answer: { commands: [], failure } });
    const [first] = why(rig).waiting;
    expect(first).toMatchObject({ on: "person" });
    expect(first?.text).toContain("recorded step a, asked step b");
    expect(first?.cures).toHaveLength(2);
  });

  it("says of code that cannot be run when it is tried again", () => {
    const rig = new RunRig().start();
    const failure = { code: "no-code", message: "no such workflow" };
    rig.tell({ type: "run.answer", answer: { commands: [], failure } });
    expect(why(rig).waiting[0]).toMatchObject({ on: "retry", lastFailure: failure });
  });

  it("explains a delayed start, a sleeping run and a closed one", () => {
    const delayed = new RunRig().start({ startAt: 1_060_000 });
    expect(why(delayed).summary).toContain("is to start in 1 min");
    const asleep = new RunRig().start();
    asleep.answer([{ type: "timer.start", key: "t", ordinal: 1, fireAt: 4_600_000 }], 1);
    expect(why(asleep).summary).toContain("sleeps for another 1 h");
    const closed = new RunRig().start().answer([{ type: "run.complete", output: note(0) }]);
    expect(why(closed)).toMatchObject({ status: "completed", waiting: [] });
  });
});

function rigFail(attempt: number) {
  return new RunRig().failed("s", 1, attempt, retry);
}
