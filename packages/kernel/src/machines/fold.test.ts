/**
 * What holds of every machine under any sequence of messages, however unlikely: the state is the
 * fold of its events (invariant 6), no decision throws, and a wake is never in vain.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effect } from "../effects.ts";
import type { OperationRef, Outcome, Recorded } from "../events/run-events.ts";
import type { RunId } from "../ids.ts";
import { runId as makeRunId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { KeyMessage, ScheduleMessage, TopicMessage } from "../messages.ts";
import type { Payload } from "../payload.ts";
import type { Decided, Machine, Position } from "./machine.ts";
import { decide } from "./machine.ts";
import type { KeyEventBody } from "./key/index.ts";
import { keyMachine } from "./key/index.ts";
import type { Calendar, OverlapPolicy, ScheduleSpec } from "./schedule/spec.ts";
import { scheduleMachine } from "./schedule/index.ts";
import { topicMachine } from "./topic/index.ts";

type Wake = { readonly type: "wake" };

/** A message and the time that passes before it. */
interface Told<Message> {
  readonly message: Message;
  readonly afterMs: number;
}

/** Tells a machine all messages, checks what holds of any machine, and shows each decision. */
function tellAll<State extends Position, Message, Body>(
  machine: Machine<State, Message | Wake, Body>,
  messages: Iterable<Told<Message>>,
  see: (decided: Decided<Body>, state: State, message: Message | Wake) => void = () => {},
): void {
  const state = machine.initial();
  const events: (Body & Recorded)[] = [];
  let at = 1_000_000;
  const tell = (message: Message | Wake) => {
    const decided = decide(machine, state, message, at);
    events.push(...structuredClone(decided.events));
    see(decided, state, message);
  };
  const wakeAll = () => {
    for (let wakes = 0; (machine.wakeAt(state) ?? Infinity) <= at; wakes++) {
      const before = state.seq;
      expect(wakes).toBeLessThan(50);
      tell({ type: "wake" });
      expect(state.seq).toBeGreaterThan(before);
    }
  };
  for (const { message, afterMs } of messages) {
    at += afterMs;
    wakeAll();
    // fast-check's objects have no prototype; a clone is as it would come from a wire.
    tell(structuredClone(message));
    wakeAll();
  }
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const folded = machine.initial();
  for (const event of events) machine.evolve(folded, event);
  expect(folded).toStrictEqual(state);
  expect(structuredClone(state)).toStrictEqual(state);
}

function told<Message>(
  message: fc.Arbitrary<Message>,
  mostMs: number,
): fc.Arbitrary<Told<Message>[]> {
  const afterMs = fc.oneof(fc.constant(0), fc.nat({ max: mostMs }));
  return fc.array(fc.record({ message, afterMs }), { maxLength: 60 });
}

const id = (n: number): RunId => makeRunId(0, 7, n.toString(16).padStart(16, "0"));
const payload: Payload = { encoding: "json", data: new Uint8Array([1]) };
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const run = fc.nat({ max: 12 }).map(id);
const wait: fc.Arbitrary<OperationRef> = fc.record({
  runId: run,
  key: fc.constantFrom("a", "b"),
});

/** Absent rather than undefined, as the types say. */
function dense<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

const keyStart = fc
  .record({
    mode: fc.constantFrom("single", "exclusive", "exclusive", "shared"),
    reuse: fc.constantFrom("allow", "allowAfterFailure", "reject"),
    conflict: fc.constantFrom("fail", "useExisting", "terminateExisting"),
    run,
    more: fc.record({
      startAt: maybe(fc.integer({ min: 1_000_000, max: 1_005_000 })),
      requestId: maybe(fc.constantFrom("r", "s", "t")),
      parent: maybe(wait),
      retentionMs: maybe(fc.nat({ max: 500 })),
    }),
    signal: maybe(fc.constant({ name: "go" })),
  })
  .map(({ run: started, more, ...policies }) => {
    const base = { namespace: "d", workflow: "w", queue: "q", input: payload, runId: started };
    return dense({ type: "key.start", request: 1, ...policies, spec: { ...base, ...dense(more) } });
  });

const keyMessages = fc.oneof(
  { arbitrary: keyStart, weight: 4 },
  {
    arbitrary: fc
      .record({
        runId: run,
        status: fc.constantFrom("completed", "failed", "cancelled"),
      })
      .map((closed) => ({ type: "key.closed", ...closed })),
    weight: 6,
  },
  fc
    .record({ runId: run, next: fc.integer({ min: 100, max: 105 }).map(id) })
    .map((closed) => ({ type: "key.closed", status: "continued", ...closed })),
  maybe(run).map((runId) => dense({ type: "key.cancel", request: 2, runId })),
  fc.constant({ type: "key.signal", request: 3, signal: { name: "x" } }),
  fc.record({
    type: fc.constant("key.write"),
    name: fc.constantFrom("a", "b"),
    value: fc.constant(payload),
  }),
  maybe(fc.constantFrom("a", "b")).map((name) => dense({ type: "key.clear", name })),
  fc.constant({ type: "key.replace", request: 4, entries: [["b", payload]] }),
  wait.map((replyTo) => ({ type: "key.read", name: "a", replyTo, ordinal: 1 })),
) as fc.Arbitrary<KeyMessage>;

/** The inbox as its events tell it: who starts from it was its head. */
function inboxOrder() {
  let inbox: RunId[] = [];
  return ({ events }: Decided<KeyEventBody>) => {
    for (const event of events) {
      if (event.kind === "key.queued") inbox.push(event.pending.spec.runId);
      if (event.kind === "key.dropped") inbox = inbox.filter((waiting) => waiting !== event.runId);
      if (event.kind !== "key.started" || event.queued !== true) continue;
      const head = inbox.shift();
      expect(head ?? event.runId).toBe(event.runId);
    }
  };
}

/** Exclusive runs that were started and neither ended nor told to. */
function exclusiveRuns() {
  const open = new Set<string>();
  return (effects: readonly Effect[], message: KeyMessage) => {
    if (message.type === "key.closed" && open.delete(message.runId) && message.next) {
      open.add(message.next);
    }
    for (const effect of effects) {
      if (effect.type !== "send") continue;
      if (effect.message.type === "run.terminate") open.delete(effect.to.slice("run/".length));
      const isExclusive =
        effect.message.type === "run.start" && effect.message.spec.mode === "exclusive";
      if (isExclusive) open.add(effect.to.slice("run/".length));
    }
    expect(open.size).toBeLessThanOrEqual(1);
  };
}

/** A run is started once, and a closed one stays closed: what the other machines promise. */
function plausible(messages: readonly Told<KeyMessage>[]): Told<KeyMessage>[] {
  const used = new Set<RunId>();
  let fresh = 200;
  return messages.map(({ message, afterMs }) => {
    const isStart = message.type === "key.start";
    const named = isStart
      ? message.spec.runId
      : message.type === "key.closed"
        ? message.next
        : undefined;
    if (named === undefined || !used.has(named)) {
      if (named !== undefined) used.add(named);
      return { message, afterMs };
    }
    const renamed = id(fresh++);
    if (isStart)
      return { message: { ...message, spec: { ...message.spec, runId: renamed } }, afterMs };
    return { message: { ...message, next: renamed } as KeyMessage, afterMs };
  });
}

test("a key is the fold of its events, in order, with one exclusive run at a time", () => {
  fc.assert(
    fc.property(told(keyMessages, 400), (messages) => {
      const inOrder = inboxOrder();
      const alone = exclusiveRuns();
      tellAll(keyMachine, plausible(messages), (decided, state, message) => {
        inOrder(decided);
        alone(decided.effects, message);
        const isFree = state.current === undefined || state.current.status !== undefined;
        expect(isFree && state.inbox.length > 0).toBe(false);
      });
    }),
    { numRuns: 1_000 },
  );
});

test("a key answers every start, once, however odd the messages", () => {
  fc.assert(
    fc.property(told(keyMessages, 400), (messages) => {
      tellAll(keyMachine, messages, ({ effects }, _, message) => {
        if (message.type !== "key.start") return;
        expect(effects.filter(({ type }) => type === "reply")).toHaveLength(1);
      });
    }),
    { numRuns: 1_000 },
  );
});

const data = fc.record({ a: maybe(fc.constantFrom(1, 2)), b: maybe(fc.constant("x")) }).map(dense);

const topicMessages = fc.oneof(
  fc
    .record({ id: fc.constantFrom("1", "2", "3", "4", "5"), data: maybe(data) })
    .map((event) => dense({ type: "topic.publish", request: 1, payload, ...event })),
  fc
    .record({ wait, match: maybe(data), lookBackMs: maybe(fc.nat({ max: 10_000 })) })
    .map((subscription) => dense({ type: "topic.subscribe", ...subscription })),
  wait.map((given) => ({ type: "topic.unsubscribe", wait: given })),
  fc.record({ id: fc.constantFrom("t", "u"), match: maybe(data) }).map((trigger) => ({
    type: "topic.trigger",
    request: 2,
    namespace: "d",
    trigger: dense({ workflow: "w", queue: "q", ...trigger }),
  })),
  fc.constantFrom("t", "u").map((name) => ({ type: "topic.untrigger", request: 3, id: name })),
) as fc.Arbitrary<TopicMessage>;

test("a topic is the fold of its events, and answers a wait once", () => {
  fc.assert(
    fc.property(told(topicMessages, limits.topicLookBackMs / 2), (messages) => {
      const open = new Set<string>();
      tellAll(topicMachine, messages, ({ events }, state) => {
        for (const event of events) {
          if (event.kind === "topic.subscribed") open.add(`${event.wait.runId}/${event.wait.key}`);
          if (event.kind === "topic.unsubscribed")
            open.delete(`${event.wait.runId}/${event.wait.key}`);
          if (event.kind !== "topic.published") continue;
          for (const { runId, key } of event.matched) {
            expect(open.delete(`${runId}/${key}`)).toBe(true);
          }
        }
        expect(new Set(state.waits.keys())).toEqual(open);
        const bytes = [...state.recent.values()].reduce(
          (sum, { payload: p }) => sum + p.data.length,
          0,
        );
        expect(state.recentBytes).toBe(bytes);
      });
    }),
    { numRuns: 1_000 },
  );
});

const calendar: Calendar = {
  problem: (spec) => (spec.type === "interval" ? undefined : "intervals only"),
  next: (spec, after) =>
    spec.type === "interval" ? (Math.floor(after / spec.everyMs) + 1) * spec.everyMs : undefined,
};

const overlap = fc.constantFrom<OverlapPolicy[]>(
  "skip",
  "bufferOne",
  "bufferAll",
  "cancelOther",
  "terminateOther",
  "allowAll",
);

const spec = fc
  .record({
    when: fc.array(
      fc.constantFrom<ScheduleSpec["when"][number][]>(
        { type: "interval", everyMs: 1_000 },
        { type: "interval", everyMs: 7_000 },
        { type: "cron", expression: "?", timeZone: "UTC" },
      ),
      { maxLength: 2 },
    ),
    startAt: maybe(fc.constantFrom(0, 1_050_000)),
    endAt: maybe(fc.constant(1_500_000)),
    remaining: maybe(fc.nat({ max: 20 })),
    policy: fc.record({
      overlap,
      catchUpMs: fc.constantFrom(0, 60_000),
      jitterMs: fc.constantFrom(0, 5_000),
      pauseOnFailure: fc.boolean(),
    }),
  })
  .map((part): ScheduleSpec => {
    const base = { namespace: "d", id: "s", workflow: "w", queue: "q", input: payload };
    return dense({ ...base, ...part });
  });

const outcome = fc.constantFrom<Outcome[]>(
  { status: "completed", output: payload },
  { status: "failed", failure: { code: "boom", message: "boom" } },
  { status: "failed", failure: { code: "already-started", message: "taken" } },
  { status: "continued", runId: id(1) },
);

/** `child.closed` names a run by its place among those started so far. */
const scheduleMessages = fc.oneof(
  { arbitrary: spec.map((put) => ({ type: "schedule.put", request: 1, spec: put })), weight: 2 },
  fc.constant({ type: "schedule.delete", request: 2 }),
  fc.constant({ type: "schedule.pause", request: 3, note: "n" }),
  { arbitrary: fc.constant({ type: "schedule.resume", request: 4 }), weight: 2 },
  maybe(overlap).map((policy) => dense({ type: "schedule.trigger", request: 5, overlap: policy })),
  fc
    .record({
      from: fc.integer({ min: 900_000, max: 1_000_000 }),
      span: fc.integer({ min: -1, max: 20_000 }),
    })
    .map(({ from, span }) => ({ type: "schedule.backfill", request: 6, from, to: from + span })),
  {
    arbitrary: fc
      .record({ back: fc.nat({ max: 5 }), outcome })
      .map(({ back, outcome: how }) => ({ type: "child.closed", key: String(back), outcome: how })),
    weight: 6,
  },
) as fc.Arbitrary<ScheduleMessage>;

test("a schedule is the fold of its events, and never starts more than it may", () => {
  fc.assert(
    fc.property(told(scheduleMessages, 90_000), (messages) => {
      const started: RunId[] = [];
      function* closing(): Iterable<Told<ScheduleMessage>> {
        for (const { message, afterMs } of messages) {
          const isClose = message.type === "child.closed";
          const key = isClose ? started.at(-1 - Number(message.key)) : undefined;
          yield {
            message: key === undefined ? message : ({ ...message, key } as ScheduleMessage),
            afterMs,
          };
        }
      }
      tellAll(scheduleMachine(calendar), closing(), ({ events }, state) => {
        for (const event of events)
          if (event.kind === "schedule.started") started.push(event.runId);
        expect(state.remaining ?? 0).toBeGreaterThanOrEqual(0);
        expect(state.buffer.length).toBeLessThanOrEqual(limits.scheduleBuffered);
        const startable = state.buffer.some(({ manual }) => !state.paused || manual === true);
        expect(startable && state.running.size === 0).toBe(false);
      });
      expect(new Set(started).size).toBe(started.length);
    }),
    { numRuns: 1_000 },
  );
});
