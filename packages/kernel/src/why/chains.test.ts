import { describe, expect, it } from "vitest";
import { note, RunRig } from "../machines/run/rig.test-support.ts";
import { runMachine, type Operation, type RunState } from "../machines/run/index.ts";
import { decide } from "../machines/machine.ts";
import { keyMachine, type KeyState } from "../machines/key/index.ts";
import { keyStream, runId, timeOfRun, type KeyRef, type RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import { explain, explainKey, explainStartUnder } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import { leadsOfKey, leadsOfRun } from "./leads.ts";
import type { RunFacts, Surroundings } from "./surroundings.ts";

const target = { workflow: "child", input: note(0), queue: "q" };
const key: KeyRef = { namespace: "n", kind: "object:cart", id: "7" };
const onParentClose = "cancel";

/** Runs that were looked at, and a key. */
class World implements Surroundings {
  readonly runs = new Map<RunId, RunFacts>();
  keyState: KeyState | undefined;

  add(state: RunState): RunId {
    const id = state.spec!.runId;
    this.runs.set(id, { state });
    return id;
  }

  serves(): "yes" {
    return "yes";
  }

  run(id: RunId): RunFacts | undefined {
    return this.runs.get(id);
  }

  key(ref: KeyRef): KeyState | undefined {
    return keyStream(ref) === keyStream(key) ? this.keyState : undefined;
  }
}

function idOf(n: number): RunId {
  return runId(1_000_000 + n, 7, n.toString(16).padStart(16, "0"));
}

/** A run that calls another one, whatever that one's id will be in this world. */
function caller(n: number, callee: RunId): RunState {
  const rig = new RunRig().start({ runId: idOf(n) });
  rig.answer([{ type: "call.start", key: "c", ordinal: 1, target, onParentClose }], 1);
  rig.tell({ type: "child.started", key: "c", runId: callee });
  const call = rig.state.operations.get("c");
  if (call?.type !== "call") throw new Error("there is no call");
  return { ...rig.state, operations: new Map([["c", { ...call, runId: callee }]]) };
}

function waiter(n: number): RunState {
  const rig = new RunRig().start({ runId: idOf(n) });
  const on = { type: "signal", name: "go" } as const;
  return rig.answer([{ type: "wait.start", key: "w", ordinal: 1, on }], 1).state;
}

function depthOf({ waiting }: Explanation): number {
  const [first] = waiting;
  return first?.next === undefined ? 1 : 1 + depthOf(first.next);
}

describe("a chain of runs that wait for each other", () => {
  it("is followed to its end, which the summary names and which is cured", () => {
    const world = new World();
    const last = world.add(waiter(3));
    const middle = world.add(caller(2, last));
    const answer = explain(caller(1, middle), world, 1_000_000);
    expect(answer.summary).toMatch(/child .* which waits for the child .* which waits for the sig/);
    expect(answer.cures[0]?.command).toBe(`perdure runs signal ${last} go`);
    expect(leadsOfRun(caller(1, middle))).toEqual([{ runId: middle }]);
  });

  it("is followed as far as the limit, and not one further", () => {
    for (const [length, told] of [
      [limits.whyDepth, limits.whyDepth],
      [limits.whyDepth + 1, limits.whyDepth],
    ] as const) {
      const world = new World();
      let next = world.add(waiter(length));
      for (let n = length - 1; n > 1; n--) next = world.add(caller(n, next));
      expect(depthOf(explain(caller(1, next), world, 1_000_000))).toBe(told);
    }
  });

  it("tells of a bounded number of runs, however many ways lead to them", () => {
    const world = new World();
    let next = world.add(waiter(99));
    // Each run calls the next one twice: 2^15 ways.
    for (let n = 15; n > 1; n--) {
      const state = caller(n, next);
      const call = state.operations.get("c")!;
      const twice = { ...state, operations: new Map([...state.operations, ["d", call]]) };
      next = world.add(twice);
    }
    const answer = explain(caller(1, next), world, 1_000_000);
    const count = ({ waiting }: Explanation): number =>
      waiting.reduce((sum, one) => sum + (one.next ? count(one.next) : 0), 1);
    expect(count(answer)).toBe(limits.whyLooks + 1);
  });

  it("counts what it does not tell of a run that waits for very much", () => {
    for (const [operations, more] of [
      [limits.whyWaiting, undefined],
      [limits.whyWaiting + 1, 1],
    ] as const) {
      const rig = new RunRig().start();
      const commands = Array.from({ length: operations }, (_, i) => {
        const fireAt = 2_000_000;
        return { type: "timer.start", key: `t${i}`, ordinal: i + 1, fireAt } as const;
      });
      const answer = explain(rig.answer(commands, 1).state, new World(), rig.now);
      expect([answer.waiting.length, answer.more]).toEqual([limits.whyWaiting, more]);
    }
  });

  it("that comes back to its beginning is a deadlock, for each in it and for who waits on it", () => {
    const world = new World();
    const [a, b] = [caller(1, idOf(2)), caller(2, idOf(1))];
    world.add(a);
    world.add(b);
    expect(explain(a, world, 1_000_000).waiting[0]).toMatchObject({
      on: "deadlock",
      circle: [idOf(1), idOf(2)],
    });
    expect(explain(b, world, 1_000_000).summary).toContain("is in a deadlock");
    const outside = explain(caller(3, idOf(1)), world, 1_000_000);
    expect(outside.waiting[0]?.on).toBe("child");
    expect(outside.summary).toContain("never ends by itself");
    expect(outside.cures[0]?.command).toContain("perdure runs terminate");
  });

  it("in which another wait goes on is not said to last for ever", () => {
    const world = new World();
    const b = caller(2, idOf(1));
    const timer: Operation = { type: "timer", key: "t", ordinal: 2, since: 0, fireAt: 9_000_000 };
    const operations = new Map<string, Operation>([...b.operations, ["t", timer]]);
    world.add({ ...b, operations });
    const a = caller(1, idOf(2));
    world.add(a);
    expect(explain(a, world, 1_000_000).summary).toContain("only another wait of theirs");
  });
});

describe("an exclusive key", () => {
  function held(inbox: readonly RunId[]): KeyState {
    const state = keyMachine.initial();
    for (const id of [idOf(1), ...inbox]) {
      const spec = { runId: id, namespace: "n", key, queue: "q", workflow: "add", input: note(0) };
      const policies = { mode: "exclusive", reuse: "allow", conflict: "fail" } as const;
      decide(keyMachine, state, { type: "key.start", spec, ...policies }, 1_000_000);
    }
    return state;
  }

  it("is told with its holder, what that waits for, and how many wait for a turn", () => {
    const world = new World();
    world.keyState = held([idOf(5), idOf(6)]);
    world.add(waiter(1));
    const answer = explainKey(key, world.keyState, world, 5_000_000);
    expect(answer.summary).toContain(`object:cart/7 is held by the run ${idOf(1)}, which waits`);
    expect(answer.summary).toContain("2 starts wait for a turn");
    expect(leadsOfKey(world.keyState)).toEqual([{ runId: idOf(1) }]);
    const start = explainStartUnder(key, idOf(6), world.keyState, world, 5_000_000);
    expect(start?.summary).toContain("place 2 of 2 in the inbox of object:cart/7");
    expect(start?.waiting[0]?.since).toBe(timeOfRun(idOf(6)));
    expect(explainStartUnder(key, idOf(9), world.keyState, world, 0)).toBeUndefined();
    expect(explainKey(key, keyMachine.initial(), world, 0).status).toBe("free");
  });

  it("that its holder calls again is a deadlock of one, broken by taking the call back", () => {
    const world = new World();
    const rig = new RunRig().start({ runId: idOf(1) });
    const again = { ...target, key, mode: "exclusive" } as const;
    rig.answer([{ type: "call.start", key: "c", ordinal: 1, target: again, onParentClose }], 1);
    const call = rig.state.operations.get("c");
    world.keyState = held(call?.type === "call" ? [call.runId] : []);
    world.add(rig.state);
    const answer = explain(rig.state, world, rig.now);
    expect(answer.summary).toContain("object:cart/7, held by w, the run");
    expect(answer.summary).toContain("which it holds itself: that never ends by itself");
    expect(answer.cures[0]?.command).toBe(`perdure runs cancel ${idOf(1)}`);
    expect(leadsOfRun(rig.state)).toEqual([{ key }]);
  });
});

describe("a store that refuses", () => {
  const trouble = { since: 1_000_000, lastAt: 1_600_000, reason: "full", refusals: 3 };

  it("comes before all other causes, but after them when it takes some commits", () => {
    const state = waiter(1);
    const world = new World();
    const told = (isTaking: boolean) => {
      const store = { ...trouble, isTaking, isStopped: false };
      return explain(state, Object.assign(new World(), world, { store }), 1_660_000);
    };
    expect(told(false).waiting.map(({ on }) => on)).toEqual(["store", "signal"]);
    expect(told(false).summary).toContain("refused 3 commits, the last 1 min ago, and taken none");
    expect(told(true).waiting.map(({ on }) => on)).toEqual(["signal", "store"]);
  });
});

describe("what a run remembers of its failures", () => {
  it("is when the first was, how many there were, and how many of the last were alike", () => {
    const retry = { initialMs: 60_000, factor: 1, maxIntervalMs: 60_000, maxAttempts: 0 };
    const rig = new RunRig().start();
    const fail = (attempt: number, code: string) =>
      rig.answer([rig.failed("s", 1, attempt, retry, { code })], 1).sleep(60_000);
    fail(1, "a");
    fail(2, "b");
    fail(3, "b");
    const step = rig.state.operations.get("s");
    expect(step).toMatchObject({
      failing: { count: 3, firstAt: 1_000_000, lastAt: 1_120_000, alike: 2 },
    });
    rig.answer([rig.failed("s", 1, 4, retry, { code: "b" })], rig.state.seq);
    expect(explain(rig.state, new World(), rig.now).summary).toContain(
      'the step "s", which failed 4 times, the last 3 alike (b: it broke)',
    );
    expect(runMachine.wakeAt(rig.state)).toBe(rig.now + 60_000);
  });
});
