import { describe, expect, it } from "vitest";
import { limits } from "../../limits.ts";
import { note, RunRig } from "./rig.test-support.ts";

const timer = (ordinal: number) =>
  ({ type: "timer.start", key: `t${ordinal}`, ordinal, fireAt: 9_000_000 }) as const;

const timers = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => timer(from + i));

describe("a run's limits hold at their value and stop one past it", () => {
  it("answerCommands", () => {
    const fits = new RunRig(false).start().answer(timers(1, limits.answerCommands));
    expect(fits.state.paused).toBeUndefined();
    const over = new RunRig(false).start().answer(timers(1, limits.answerCommands + 1));
    expect(over.state.paused?.message).toContain(String(limits.answerCommands));
    expect(over.state.operations.size).toBe(0);
  });

  it("runOpenOperations", () => {
    const rig = new RunRig(false).start().answer(timers(1, limits.runOpenOperations));
    expect(rig.state.paused).toBeUndefined();
    rig.answer([timer(limits.runOpenOperations + 1)]);
    expect(rig.state.paused?.message).toContain(String(limits.runOpenOperations));
  });

  it("runBufferedSignals", () => {
    const rig = new RunRig(false).start();
    for (let i = 0; i < limits.runBufferedSignals; i++) {
      rig.tell({ type: "run.signal", signal: { name: "s" }, request: i });
    }
    expect(rig.replies.at(-1)).toEqual({ type: "ok" });
    rig.tell({ type: "run.signal", signal: { name: "s" }, request: 0 });
    expect(rig.replies.at(-1)).toMatchObject({ code: "limit-exceeded" });
  });

  it("runSignalIds: the newest are remembered, the oldest forgotten", () => {
    const rig = new RunRig(false).start();
    const send = (id: number) =>
      rig.tell({ type: "run.signal", signal: { name: "s", id: `${id}` } });
    for (let id = 0; id <= limits.runSignalIds; id++) send(id);
    const before = rig.events.length;
    send(1);
    expect(rig.events).toHaveLength(before);
    send(0);
    expect(rig.events).toHaveLength(before + 1);
  });

  it("runUpdates: outcomes of the newest are kept", () => {
    const rig = new RunRig(false).start();
    for (let id = 0; id <= limits.runUpdates; id++) {
      rig.answer([
        { type: "update.accept", id: `${id}`, name: "u", payload: note(0) },
        { type: "update.complete", id: `${id}`, output: note(0) },
      ]);
    }
    expect(rig.state.updates.size).toBe(limits.runUpdates);
    expect(rig.state.updates.has("0")).toBe(false);
  });
});
