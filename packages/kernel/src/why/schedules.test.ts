import { describe, expect, it } from "vitest";
import type { ScheduleMessage } from "../messages.ts";
import { decide } from "../machines/machine.ts";
import { scheduleMachine, viewSchedule } from "../machines/schedule/index.ts";
import type { Calendar, SchedulePolicy } from "../machines/schedule/spec.ts";
import { explainSchedule } from "./explain.ts";
import type { Explanation } from "./explanation.ts";

const HOUR = 3_600_000;

const hourly: Calendar = {
  problem: () => undefined,
  next: (_spec, after) => (Math.floor(after / HOUR) + 1) * HOUR,
};

class Stage {
  readonly #machine = scheduleMachine(hourly);
  readonly #state = this.#machine.initial();

  constructor(policy: Partial<SchedulePolicy> = {}, remaining?: number) {
    const spec = {
      namespace: "n",
      id: "it's hourly",
      when: [{ type: "interval", everyMs: HOUR }],
      workflow: "report",
      queue: "q",
      input: { encoding: "json", data: new Uint8Array() },
      policy: { overlap: "skip", catchUpMs: 0, jitterMs: 0, pauseOnFailure: false, ...policy },
      ...(remaining === undefined ? {} : { remaining }),
    } as const;
    this.tell({ type: "schedule.put", spec }, 0);
  }

  tell(message: ScheduleMessage, at: number): this {
    decide(this.#machine, this.#state, message, at);
    return this;
  }

  why(at: number): Explanation {
    const view = viewSchedule(this.#state, hourly, at);
    if (view === undefined) throw new Error("there is no schedule");
    return explainSchedule(view, { serves: () => "yes" }, at);
  }
}

describe("why a schedule starts nothing", () => {
  it("is that somebody has paused it: who, when, with what note, and how it goes on", () => {
    const pause = { type: "schedule.pause", note: "stocktaking", by: "ann" } as const;
    const told = new Stage().tell(pause, HOUR / 2).why(3 * HOUR);
    expect(told.status).toBe("paused");
    expect(told.summary).toBe("is paused by ann: stocktaking, since 2 h 30 min");
    expect(told.cures[0]?.command).toBe(String.raw`perdure schedules resume 'it'\''s hourly'`);
    const resumed = new Stage().tell(pause, HOUR / 2).tell({ type: "schedule.resume" }, HOUR / 2);
    expect(resumed.why(HOUR / 2).status).toBe("active");
  });

  it("is that its time has not come: then it says when", () => {
    expect(new Stage().why(HOUR / 2).summary).toBe(
      "starts report next at 1970-01-01T01:00:00.000Z, in 30 min",
    );
  });

  it("is the catch-up window, after the engine was away: how many were lost to it", () => {
    const told = new Stage().tell({ type: "wake" }, 5.5 * HOUR).why(5.5 * HOUR);
    expect(told.summary).toContain("has skipped 5 starts since 1970-01-01T01:00:00.000Z");
    expect(told.summary).toContain("catch-up window");
    expect(told.cures[0]?.command).toContain("perdure schedules trigger");
  });

  it("is the run before, for starts that wait as for those that are skipped", () => {
    for (const [overlap, text] of [
      ["skip", "has skipped 1 start since"],
      ["bufferAll", "has 1 start waiting for the end of the run before"],
    ] as const) {
      const stage = new Stage({ overlap });
      stage.tell({ type: "wake" }, HOUR).tell({ type: "wake" }, 2 * HOUR);
      const [first] = stage.why(2.5 * HOUR).waiting;
      expect(first?.text).toContain(text);
      expect(first?.text).toContain("started 1 h 30 min ago");
    }
  });

  it("forgets what it skipped when it has started again", () => {
    const stage = new Stage({ overlap: "allowAll" });
    stage.tell({ type: "wake" }, 5.5 * HOUR).tell({ type: "wake" }, 6 * HOUR);
    expect(stage.why(6.5 * HOUR).waiting).toMatchObject([{ on: "timer", until: 7 * HOUR }]);
  });

  it("is that it has started all that it was to start", () => {
    const told = new Stage({}, 1).tell({ type: "wake" }, HOUR).why(2 * HOUR);
    expect(told).toMatchObject({ status: "finished", waiting: [] });
    expect(told.summary).toBe("has started all the runs that it was to start");
  });
});
