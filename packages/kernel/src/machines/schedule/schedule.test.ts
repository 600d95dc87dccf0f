import { describe, expect, test } from "vitest";
import type { Effect, Reply } from "../../effects.ts";
import type { Outcome } from "../../events/run-events.ts";
import type { RunId } from "../../ids.ts";
import { keyStream, runStream, scheduleStream } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { ScheduleMessage } from "../../messages.ts";
import { decide } from "../machine.ts";
import type {
  Calendar,
  CalendarSpec,
  OverlapPolicy,
  SchedulePolicy,
  ScheduleSpec,
} from "./spec.ts";
import { isoTime } from "./iso-time.ts";
import { jitterMs } from "./state.ts";
import { scheduleMachine, viewSchedule } from "./index.ts";

/** Intervals only; a cron expression is a problem. */
const calendar: Calendar = {
  problem: (spec) => (spec.type === "interval" ? undefined : "write an interval"),
  next(spec, after) {
    if (spec.type !== "interval") return undefined;
    const { everyMs, offsetMs = 0 } = spec;
    return (Math.floor((after - offsetMs) / everyMs) + 1) * everyMs + offsetMs;
  },
};

const minute = 60_000;
const every = (everyMs: number, offsetMs = 0): CalendarSpec => ({
  type: "interval",
  everyMs,
  offsetMs,
});

interface Options extends Partial<Omit<ScheduleSpec, "policy">> {
  readonly policy?: Partial<SchedulePolicy>;
}

function specOf({ policy, ...more }: Options = {}): ScheduleSpec {
  return {
    namespace: "default",
    id: "nightly",
    when: [every(minute)],
    workflow: "report",
    queue: "q",
    input: { encoding: "json", data: new Uint8Array() },
    policy: { overlap: "skip", catchUpMs: 0, jitterMs: 0, pauseOnFailure: false, ...policy },
    ...more,
  };
}

const machine = scheduleMachine(calendar);

function schedule(options?: Options) {
  const state = machine.initial();
  const tell = (message: ScheduleMessage, at: number) =>
    decide(machine, state, message, at).effects;
  if (options !== undefined) tell({ type: "schedule.put", spec: specOf(options) }, 0);
  return {
    state,
    tell,
    ask: (message: ScheduleMessage, at: number) => replyIn(tell(message, at)),
    /** Nominal times that are started. */
    startedBy: (message: ScheduleMessage, at: number) => startedIn(tell(message, at)),
    wake: (at: number) => startedIn(tell({ type: "wake" }, at)),
    open: (): RunId[] => [...state.running.keys()],
    close: (at: number, outcome: Outcome = completed): number[] => {
      const [key] = state.running.keys();
      return startedIn(tell({ type: "child.closed", key: key!, outcome }, at));
    },
  };
}

const completed: Outcome = { status: "completed", output: specOf().input };
const failed: Outcome = { status: "failed", failure: { code: "boom", message: "no paper" } };

function replyIn(effects: readonly Effect[]): Reply | undefined {
  return effects.find((effect) => effect.type === "reply")?.reply;
}

function startedIn(effects: readonly Effect[]): number[] {
  return effects.flatMap((effect) =>
    effect.type === "send" && effect.message.type === "key.start"
      ? [Date.parse(effect.message.spec.key!.id.slice("nightly-".length))]
      : [],
  );
}

const trigger = (overlap?: OverlapPolicy): ScheduleMessage => ({
  type: "schedule.trigger",
  request: 1,
  ...(overlap === undefined ? {} : { overlap }),
});
const pause: ScheduleMessage = { type: "schedule.pause", note: "holiday", request: 1 };
const resume: ScheduleMessage = { type: "schedule.resume", request: 1 };
const put = (options: Options): ScheduleMessage => ({
  type: "schedule.put",
  spec: specOf(options),
  request: 1,
});
const refused = (code: string): unknown => expect.objectContaining({ type: "error", code });

describe("a due time", () => {
  test("starts a run under the schedule's id and the time, which tells the schedule its end", () => {
    const { tell, open } = schedule({ runTimeoutMs: 5, attributes: { team: "a" } });
    const effects = tell({ type: "wake" }, minute);
    const [runId] = open();
    const key = { namespace: "default", kind: "workflow", id: "nightly-1970-01-01T00:01:00.000Z" };
    const { input, workflow, queue } = specOf();
    const what = { runId, namespace: "default", workflow, queue, input, key, mode: "single" };
    const notify = { stream: scheduleStream("default", "nightly"), key: runId };
    const spec = { ...what, runTimeoutMs: 5, attributes: { team: "a" }, notify };
    expect(effects).toEqual([
      {
        type: "send",
        to: keyStream(key),
        message: {
          type: "key.start",
          spec,
          mode: "single",
          reuse: "allow",
          conflict: "useExisting",
        },
      },
    ]);
  });

  test("is any that one of the calendars names, once", () => {
    const { state, wake } = schedule({
      when: [every(2 * minute), every(3 * minute)],
      policy: { overlap: "allowAll" },
    });
    const seen: number[] = [];
    for (let n = 0; n < 5; n++) seen.push(...wake(machine.wakeAt(state)!));
    expect(seen).toEqual([2, 3, 4, 6, 8].map((n) => n * minute));
  });

  test("is not before startAt, nor after endAt", () => {
    const { state, wake, close } = schedule({ startAt: 3 * minute, endAt: 4 * minute });
    expect(machine.wakeAt(state)).toBe(3 * minute);
    expect(wake(3 * minute)).toEqual([3 * minute]);
    close(3 * minute);
    expect(wake(4 * minute)).toEqual([4 * minute]);
    expect(machine.wakeAt(state)).toBeUndefined();
  });

  test("is moved by jitter, always by the same, and keeps its name", () => {
    const { state, wake } = schedule({ policy: { jitterMs: 30_000 } });
    const due = machine.wakeAt(state)!;
    expect(due).toBe(minute + jitterMs(state.spec!, minute));
    expect(due).toBeGreaterThan(minute);
    expect(due).toBeLessThanOrEqual(minute + 30_000);
    expect(wake(due - 1)).toEqual([]);
    expect(wake(due)).toEqual([minute]);
  });

  test("comes no more than `remaining` times, what a person asks for not counted", () => {
    const { state, wake, startedBy } = schedule({ remaining: 2, policy: { overlap: "allowAll" } });
    expect(startedBy(trigger(), 30)).toEqual([30]);
    expect(wake(minute)).toEqual([minute]);
    expect(wake(2 * minute)).toEqual([2 * minute]);
    expect(machine.wakeAt(state)).toBeUndefined();
    expect(startedBy(trigger(), 3 * minute)).toEqual([3 * minute]);
  });
});

describe("a time that comes while a run is open", () => {
  test("is skipped", () => {
    const { wake, close, state } = schedule({ policy: { overlap: "skip" } });
    wake(minute);
    expect(wake(2 * minute)).toEqual([]);
    expect(close(3 * minute - 1)).toEqual([]);
    expect(wake(3 * minute)).toEqual([3 * minute]);
    expect(state.skips.overlap).toBe(1);
  });

  test("waits, but only one does", () => {
    const { wake, close, state } = schedule({ policy: { overlap: "bufferOne" } });
    for (const n of [1, 2, 3]) wake(n * minute);
    expect(state.skips.buffered).toBe(1);
    expect(close(4 * minute - 1)).toEqual([2 * minute]);
    expect(close(4 * minute - 1)).toEqual([]);
  });

  test("waits its turn, first in, first out", () => {
    const { wake, close } = schedule({ policy: { overlap: "bufferAll" } });
    for (const n of [1, 2, 3]) wake(n * minute);
    expect(close(4 * minute - 1)).toEqual([2 * minute]);
    expect(close(4 * minute - 1)).toEqual([3 * minute]);
    expect(close(4 * minute - 1)).toEqual([]);
  });

  test("is skipped when the buffer is full", () => {
    const { tell, state } = schedule({ policy: { overlap: "bufferAll" } });
    for (let n = 0; n <= limits.scheduleBuffered; n++) tell(trigger(), n);
    expect(state.buffer).toHaveLength(limits.scheduleBuffered);
    expect(replyIn(tell(trigger(), 5_000))).toEqual(refused("conflict"));
    expect(state.skips.buffered).toBe(1);
  });

  test.each([
    ["cancelOther", "run.cancel"],
    ["terminateOther", "run.terminate"],
  ] as const)("%s: the open run is ended, and the newest time takes its place", (overlap, type) => {
    const { wake, tell, close, open, state } = schedule({ policy: { overlap } });
    wake(minute);
    const [first] = open();
    expect(tell({ type: "wake" }, 2 * minute)).toEqual([
      { type: "send", to: runStream(first!), message: { type, reason: expect.any(String) } },
    ]);
    wake(3 * minute);
    expect(close(3 * minute)).toEqual([3 * minute]);
    expect(state.skips.overlap).toBe(1);
    expect(state.buffer).toEqual([]);
  });

  test("starts beside it", () => {
    const { wake, open } = schedule({ policy: { overlap: "allowAll" } });
    wake(minute);
    expect(wake(2 * minute)).toEqual([2 * minute]);
    expect(open()).toHaveLength(2);
  });

  test("a continued run is open still", () => {
    const { wake, close, open } = schedule({});
    wake(minute);
    const [first] = open();
    expect(close(minute, { status: "continued", runId: first! })).toEqual([]);
    expect(open()).toEqual([first]);
  });
});

describe("a clock that goes back (C1)", () => {
  const allowAll = { policy: { overlap: "allowAll" } } as const;

  test.each([
    ["resumed", [pause, resume]],
    ["put again", [put(allowAll)]],
  ])("names no time again for a schedule that is %s", (_, asked) => {
    const { state, wake, tell } = schedule(allowAll);
    expect(wake(minute)).toEqual([minute]);
    expect(wake(2 * minute)).toEqual([2 * minute]);
    for (const message of asked) tell(message, 1.5 * minute);
    expect(wake(2 * minute)).toEqual([]);
    expect(machine.wakeAt(state)).toBe(3 * minute);
    expect(wake(3 * minute)).toEqual([3 * minute]);
  });

  test("names none again that was skipped in a pause", () => {
    const { state, tell, ask } = schedule(allowAll);
    tell(pause, 30);
    ask(resume, 2.5 * minute);
    expect(state.skips.paused).toBe(2);
    tell(pause, 1.5 * minute);
    ask(resume, 1.5 * minute);
    expect(machine.wakeAt(state)).toBe(3 * minute);
  });

  test("names times again for one that was deleted", () => {
    const { state, wake, tell } = schedule(allowAll);
    wake(2 * minute);
    tell({ type: "schedule.delete", request: 1 }, 2 * minute);
    tell(put(allowAll), minute);
    expect(machine.wakeAt(state)).toBe(2 * minute);
  });
});

describe("times missed while the engine was down", () => {
  test("within the catch-up window are made up for, those before it skipped in one step", () => {
    const policy = { overlap: "allowAll", catchUpMs: 10 * minute } as const;
    const { wake, state } = schedule({ policy });
    expect(wake(20 * minute)).toEqual(Array.from({ length: 11 }, (_, n) => (10 + n) * minute));
    expect(state.skips["catch-up"]).toBe(9);
    expect(machine.wakeAt(state)).toBe(21 * minute);
  });

  test("are not missed for being a little late", () => {
    const late = minute + limits.scheduleGraceMs;
    expect(schedule({}).wake(late)).toEqual([minute]);
    expect(schedule({}).wake(late + 1)).toEqual([]);
  });

  test("are taken a bounded number at a wake", () => {
    const { wake, state } = schedule({ policy: { overlap: "allowAll", catchUpMs: 1e9 } });
    const now = 150 * minute;
    expect(wake(now)).toHaveLength(limits.scheduleCatchUpPerWake);
    expect(machine.wakeAt(state)).toBeLessThanOrEqual(now);
    expect(wake(now)).toHaveLength(150 - limits.scheduleCatchUpPerWake);
    expect(machine.wakeAt(state)).toBe(now + minute);
  });

  test("are counted as far as counting is cheap", () => {
    const { wake, state } = schedule({ when: [every(1_000)] });
    wake(30 * 24 * 60 * minute);
    expect(state.skips["catch-up"]).toBe(limits.scheduleCatchUpPerWake);
  });
});

describe("a paused schedule", () => {
  test("is not woken, and skips what came meanwhile when it is resumed", () => {
    const { ask, wake, state, tell } = schedule({});
    expect(ask(pause, 30)).toEqual({ type: "ok" });
    expect(machine.wakeAt(state)).toBeUndefined();
    expect(wake(minute)).toEqual([]);
    expect(viewSchedule(state, calendar, 30)).toMatchObject({ paused: true, note: "holiday" });
    tell(resume, 5 * minute + 1);
    expect(state.skips.paused).toBe(5);
    expect(wake(6 * minute)).toEqual([6 * minute]);
  });

  test("keeps its buffer until it is resumed", () => {
    const { wake, close, tell, startedBy } = schedule({ policy: { overlap: "bufferAll" } });
    wake(minute);
    wake(2 * minute);
    tell(pause, 2 * minute);
    expect(close(2 * minute)).toEqual([]);
    expect(startedBy(resume, 2 * minute)).toEqual([2 * minute]);
  });

  test("still starts what a person asks for, from the buffer too", () => {
    const { wake, close, tell, startedBy } = schedule({ policy: { overlap: "bufferAll" } });
    wake(minute);
    wake(2 * minute);
    tell(pause, 2 * minute);
    tell(trigger(), 2 * minute + 7);
    expect(close(2 * minute + 8)).toEqual([2 * minute + 7]);
    close(2 * minute + 9);
    expect(startedBy(trigger(), 2 * minute + 10)).toEqual([2 * minute + 10]);
  });

  test("is what pauseOnFailure makes of it, with the reason as its note", () => {
    const { wake, close, state } = schedule({ policy: { pauseOnFailure: true } });
    wake(minute);
    close(minute + 1);
    wake(2 * minute);
    const collision = { code: "already-started", message: "taken" };
    close(2 * minute + 1, { status: "failed", failure: collision });
    expect(state.paused).toBe(false);
    wake(3 * minute);
    close(3 * minute + 1, failed);
    expect(state).toMatchObject({ paused: true, note: expect.stringContaining("no paper") });
  });
});

describe("a person", () => {
  test("may trigger a start now, and hears when the overlap policy forbids it", () => {
    const { ask, startedBy } = schedule({});
    expect(startedBy(trigger(), 500)).toEqual([500]);
    expect(ask(trigger(), 501)).toEqual(refused("conflict"));
    expect(startedBy(trigger("allowAll"), 502)).toEqual([502]);
  });

  test("may make up for a time in the past", () => {
    const { tell, close } = schedule({ policy: { overlap: "bufferAll" } });
    const at = 100 * minute;
    const range = { from: 2 * minute, to: 4 * minute };
    const effects = tell({ type: "schedule.backfill", ...range, request: 1 }, at);
    expect(replyIn(effects)).toEqual({ type: "ok" });
    expect(startedIn(effects)).toEqual([2 * minute]);
    expect(close(at)).toEqual([3 * minute]);
    expect(close(at)).toEqual([4 * minute]);
  });

  test("may make up for so many times, and for at least one", () => {
    const backfill = (count: number): ScheduleMessage => ({
      type: "schedule.backfill",
      request: 1,
      from: minute,
      to: count * minute,
      overlap: "allowAll",
    });
    const { ask, startedBy } = schedule({});
    expect(startedBy(backfill(limits.scheduleBackfill), 0)).toHaveLength(limits.scheduleBackfill);
    expect(ask(backfill(limits.scheduleBackfill + 1), 0)).toEqual(refused("limit-exceeded"));
    expect(ask(backfill(0), 0)).toEqual(refused("invalid-argument"));
  });

  test("may ask nothing of a schedule that is not there", () => {
    const { ask } = schedule();
    const backfill = { type: "schedule.backfill", from: 0, to: 1, request: 1 } as const;
    for (const message of [pause, resume, trigger(), backfill]) {
      expect(ask(message, 0)).toEqual(refused("not-found"));
    }
    expect(ask({ type: "schedule.delete", request: 1 }, 0)).toEqual(refused("not-found"));
  });

  test("may change it: what runs and what waits stays, the times are new", () => {
    const { tell, wake, close, state } = schedule({ policy: { overlap: "bufferAll" } });
    wake(minute);
    wake(2 * minute);
    tell(put({ when: [every(10 * minute)], remaining: 1 }), 2 * minute + 5);
    expect(machine.wakeAt(state)).toBeUndefined();
    expect(close(2 * minute + 6)).toEqual([2 * minute]);
    expect(state.remaining).toBe(0);
    tell(put({ when: [every(10 * minute)] }), 2 * minute + 7);
    expect(machine.wakeAt(state)).toBe(10 * minute);
  });

  test("may leave it fewer starts than wait already: the newest give way", () => {
    const { tell, wake, close, state } = schedule({ policy: { overlap: "bufferAll" } });
    for (const n of [1, 2, 3]) wake(n * minute);
    tell(trigger(), 3 * minute + 1);
    tell(put({ remaining: 1 }), 3 * minute + 2);
    expect(close(3 * minute + 3)).toEqual([2 * minute]);
    expect(close(3 * minute + 3)).toEqual([3 * minute + 1]);
    expect(state).toMatchObject({ remaining: 0, skips: { buffered: 1 } });
  });

  test("hears at once what is wrong with a spec", () => {
    const { ask } = schedule();
    const cron: CalendarSpec = { type: "cron", expression: "x", timeZone: "UTC" };
    expect(ask(put({ when: [cron] }), 0)).toMatchObject({
      code: "invalid-argument",
      message: "write an interval",
    });
    const many = (count: number) => Array.from({ length: count }, () => every(minute));
    expect(ask(put({ when: many(limits.scheduleSpecs) }), 0)).toEqual({ type: "ok" });
    expect(ask(put({ when: many(limits.scheduleSpecs + 1) }), 0)).toEqual(
      refused("limit-exceeded"),
    );
  });

  test("may delete it: open runs go on, and nothing is left", () => {
    const { ask, wake, close, open, state, tell } = schedule({ policy: { overlap: "bufferAll" } });
    wake(minute);
    wake(2 * minute);
    const [runId] = open();
    expect(ask({ type: "schedule.delete", request: 1 }, 2 * minute)).toEqual({ type: "ok" });
    expect(machine.isEmpty(state)).toBe(true);
    expect(tell({ type: "child.closed", key: runId!, outcome: completed }, 3 * minute)).toEqual([]);
    tell(put({}), 3 * minute);
    expect(viewSchedule(state, calendar, 3 * minute)).toMatchObject({ starts: 0, buffered: [] });
    wake(4 * minute);
    expect(close(4 * minute)).toEqual([]);
  });

  test("sees what it did and what it will do", () => {
    const { wake, state } = schedule({ policy: { overlap: "bufferAll" }, remaining: 14 });
    for (let n = 1; n <= 3; n++) wake(n * minute);
    const view = viewSchedule(state, calendar, 3 * minute)!;
    expect(view.next).toEqual(Array.from({ length: 10 }, (_, n) => (n + 4) * minute));
    expect(view).toMatchObject({ starts: 1, remaining: 13, buffered: [2 * minute, 3 * minute] });
    expect(view.running).toEqual(view.recent);
    expect(view.recent).toMatchObject([{ nominalAt: minute, startedAt: minute }]);
  });

  test("sees the last starts only, and no schedule where there is none", () => {
    const { wake, state } = schedule({ policy: { overlap: "allowAll" } });
    for (let n = 1; n <= limits.scheduleRecentStarts + 1; n++) wake(n * minute);
    const { recent, starts } = viewSchedule(state, calendar, 0)!;
    expect(recent).toHaveLength(limits.scheduleRecentStarts);
    expect(recent[0]!.nominalAt).toBe(2 * minute);
    expect(starts).toBe(limits.scheduleRecentStarts + 1);
    expect(viewSchedule(machine.initial(), calendar, 0)).toBeUndefined();
  });
});

describe("a moment's name", () => {
  const last = 8_640_000_000_000_000;

  test.each([0, 1, -1, last, -last, 951_782_399_999, 951_782_400_000, -62_167_219_200_001])(
    "%d is written as Date writes it",
    (at) => expect(isoTime(at)).toBe(new Date(at).toISOString()),
  );

  test("is written as Date writes it, over the whole range and on each day of two centuries", () => {
    const isWrong = (at: number) => isoTime(at) !== new Date(at).toISOString();
    const step = Math.floor(last / 20_011);
    const spread = Array.from({ length: 40_022 }, (_, n) => n * step - last);
    const days = Array.from({ length: 76_000 }, (_, n) => Date.UTC(1896, 0, 1) + n * 86_400_000);
    expect([...spread, ...days].filter(isWrong)).toEqual([]);
  });
});
