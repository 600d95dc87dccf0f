import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "../../commands/command.ts";
import type { RunMessage } from "../../messages.ts";
import { checkJournal } from "../../journal/check-journal.ts";
import { explain } from "../../why/explain.ts";
import { runMachine } from "./index.ts";
import { note, RunRig } from "./rig.test-support.ts";
import { work } from "./work.ts";

const key = fc.constantFrom("a", "b", "c");
const ordinal = fc.integer({ min: 1, max: 6 });
const attempt = fc.integer({ min: 1, max: 3 });
const later = fc.integer({ min: 0, max: 2_000 }).map((ms) => 1_000_000 + ms);
const retry = fc.record({
  initialMs: fc.integer({ min: 0, max: 100 }),
  factor: fc.constant(2),
  maxIntervalMs: fc.constant(500),
  maxAttempts: fc.integer({ min: 0, max: 3 }),
  onExhausted: fc.constantFrom("fail" as const, "pause" as const),
});
const timeouts = fc.record(
  {
    scheduleToStartMs: fc.integer({ min: 1, max: 300 }),
    startToCloseMs: fc.integer({ min: 1, max: 300 }),
    scheduleToCloseMs: fc.integer({ min: 1, max: 300 }),
    heartbeatMs: fc.integer({ min: 1, max: 300 }),
  },
  { requiredKeys: [] },
);
const failure = fc.record({
  code: fc.constantFrom("boom", "other"),
  message: fc.constant("it broke"),
  retryable: fc.boolean(),
});
const input = fc.constant(note(0));
const queue = fc.constant("q");
const awaited = fc.constantFrom(
  { type: "signal", name: "s" } as const,
  { type: "promise", name: "p" } as const,
  { type: "event", name: "e", lookBackMs: 5 } as const,
);

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant("step.complete" as const),
    key,
    ordinal,
    name: key,
    attempt,
    output: input,
  }),
  fc.record({
    type: fc.constant("step.fail" as const),
    key,
    ordinal,
    name: key,
    attempt,
    failure,
    retry,
  }),
  fc.record({
    type: fc.constant("step.schedule" as const),
    key,
    ordinal,
    name: key,
    spec: fc.record({ task: fc.constant("t"), queue, input, retry, timeouts }),
  }),
  fc.record({ type: fc.constantFrom("step.cancel" as const, "timer.cancel" as const), key }),
  fc.record({ type: fc.constantFrom("wait.cancel" as const, "call.cancel" as const), key }),
  fc.record({ type: fc.constant("timer.start" as const), key, ordinal, fireAt: later }),
  fc.record({
    type: fc.constant("wait.start" as const),
    key,
    ordinal,
    on: awaited,
    deadline: later,
  }),
  fc.record({
    type: fc.constant("call.start" as const),
    key,
    ordinal,
    target: fc.record({ workflow: fc.constant("c"), input, queue }),
    onParentClose: fc.constantFrom("terminate" as const, "cancel" as const, "abandon" as const),
  }),
  fc.record({ type: fc.constant("value.record" as const), key, ordinal, value: input }),
  fc.record({ type: fc.constant("update.accept" as const), id: key, name: key, payload: input }),
  fc.record({ type: fc.constant("update.complete" as const), id: key, output: input }),
  fc.record({ type: fc.constant("run.complete" as const), output: input }),
  fc.record({ type: fc.constant("run.continue" as const), input }),
);

const message: fc.Arbitrary<RunMessage> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(command, { maxLength: 3 })
      .map((commands) => ({ type: "run.answer", answer: { commands } }) as const),
  },
  fc.record({ type: fc.constant("step.claim" as const), key, attempt, worker: key }),
  fc.record({ type: fc.constant("step.beat" as const), key, attempt }),
  fc.record({
    type: fc.constant("step.result" as const),
    key,
    attempt,
    result: fc.oneof(
      fc.record({ type: fc.constant("completed" as const), output: input }),
      fc.record({ type: fc.constant("failed" as const), failure }),
      fc.constant({ type: "cancelled" } as const),
    ),
  }),
  fc.record({ type: fc.constant("step.lost" as const), key, attempt, worker: key }),
  fc.constant({ type: "run.signal", signal: { name: "s" } } as const),
  fc.constant({ type: "run.signal", signal: { name: "promise:p" } } as const),
  fc.record({
    type: fc.constant("run.signal" as const),
    signal: fc.record({ name: fc.constant("s"), id: key }),
  }),
  fc.constantFrom({ type: "run.pause" } as const, { type: "run.resume" } as const),
  fc.constant({ type: "run.cancel" } as const),
  fc.record({ type: fc.constant("wait.match" as const), key, payload: input }),
  fc.record({
    type: fc.constant("child.closed" as const),
    key,
    outcome: fc.constant({ status: "completed", output: note(0) } as const),
  }),
);

const act = fc.record({ message, sleepMs: fc.integer({ min: 0, max: 400 }) });

const fresh = structuredClone(runMachine.initial());

describe("a run, whatever it is told", () => {
  it("is the fold of its journal, keeps no alarm that is past, and is silent once closed", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        // The rig checks the fold after every message.
        const rig = new RunRig().start({ runTimeoutMs: 5_000 });
        for (const { message: told, sleepMs } of acts) {
          rig.sleep(sleepMs);
          const closed = rig.state.outcome !== undefined;
          const before = rig.events.length;
          rig.tell(told);
          expect(rig.events.length > before && closed).toBe(false);
          if (rig.wakeAt !== undefined && rig.wakeAt <= rig.now) rig.sleep(0);
          expect(rig.wakeAt ?? Infinity).toBeGreaterThan(rig.now);
        }
        rig.events.forEach((event, i) => expect(event.seq).toBe(i + 1));
        // What a run writes is what an import takes.
        expect(checkJournal({ spec: rig.state.spec, events: rig.events }).state).toEqual(rig.state);
        // A run writes to collections of its own, never to the empty ones that all share.
        expect(runMachine.initial()).toEqual(fresh);
      }),
      { numRuns: 1_500 },
    );
  });

  it("always waits for something that exists, and why can name it (invariant 8)", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const rig = new RunRig().start();
        for (const { message: told, sleepMs } of acts) {
          rig.sleep(sleepMs).tell(told);
          // The code has seen it all, and waits.
          rig.answer([], rig.state.seq);
          if (rig.state.outcome) return;
          expect(work(rig.state).activation).toBe(false);
          const { waiting } = explain(rig.state, { serves: () => "yes" }, rig.now);
          expect(waiting.length).toBeGreaterThan(0);
          const late = waiting.filter(
            ({ on, until }) =>
              (on === "timer" || on === "retry") && (rig.wakeAt ?? Infinity) > (until ?? 0),
          );
          expect(late).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
