/** A session's own limits, with an engine that only listens. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Activation, Env, WorkerSession } from "@perdure/engine";
import { runId, type RunId } from "@perdure/kernel";
import {
  decodeServerFrame,
  encodeWorkerMessage,
  decodeWorkerFrame,
  encodeFrame,
} from "@perdure/wire";
import { wireLimits, type ServerMessage } from "@perdure/wire";
import { serverLimits } from "../../limits.ts";
import { StreamSession } from "./session.ts";
import { json } from "./stream-rig.test-support.ts";

const released: RunId[] = [];
const timers: { readonly ms: number; readonly call: () => void }[] = [];
const deferred: (() => void)[] = [];
const env: Env = {
  now: () => 0,
  monotonic: () => 0,
  random: () => 0.5,
  after: (ms, call) => {
    timers.push({ ms, call });
    return () => undefined;
  },
  defer: (call) => void deferred.push(call),
  log: () => undefined,
};
const answer = vi.fn<WorkerSession["answer"]>();
const engine: WorkerSession = {
  answer,
  beat: async () => ({ cancelRequested: false }),
  result: async () => undefined,
  release: (id) => void released.push(id),
  abandon: () => undefined,
  alive: () => undefined,
  drain: async () => undefined,
  close: () => undefined,
};

let session: StreamSession;

beforeEach(() => {
  session = new StreamSession({ id: "w~1", env, bounds: serverLimits, over: () => undefined });
  session.connect(engine);
});

afterEach(() => {
  for (const list of [released, timers, deferred]) list.length = 0;
});

const idOf = (n: number) => runId(n, 7, "0123456789abcdef");

/** A run whose journal takes so many bytes on its way. */
function activation(n: number, bytes: number): Activation {
  const id = idOf(n);
  const spec = { runId: id, namespace: "n", workflow: "w", input: json(null), queue: "q" };
  const value = { encoding: "json", data: new Uint8Array(bytes - 128) };
  const event = { seq: 1, at: 0, kind: "value.recorded", key: "k", ordinal: 1, value } as const;
  return { runId: id, lease: n, spec, events: [event], through: 0, lostAt: 0 };
}

function sent(): ServerMessage[] {
  const heard: ServerMessage[] = [];
  session.attach((frame) => void heard.push(...decodeServerFrame(frame).messages), 0, 1_000_000);
  for (const call of deferred.splice(0)) call();
  return heard;
}

test("journals wait up to the limit; the one past it is given back, a moment later", () => {
  const half = serverLimits.streamJournalBytes / 2;
  session.activate(activation(1, half));
  session.activate(activation(2, half));
  session.activate(activation(3, 129));
  expect(released).toEqual([]);
  for (const { call } of timers.splice(0)) call();
  expect(released).toEqual([idOf(3)]);
});

test("an event that fits into no frame fails its run's activation, and no other's", () => {
  session.activate(activation(1, serverLimits.streamJournalBytes));
  session.evict(idOf(1), 1);
  session.activate(activation(2, 9_000_000));
  session.activate(activation(3, 1_000));
  const heard = sent();
  expect(heard.map(({ type }) => type)).toEqual(["activate", "evict"]);
  expect(heard[0]).toMatchObject({ runId: idOf(3) });
  expect(answer).toHaveBeenCalledWith(
    idOf(2),
    2,
    expect.objectContaining({ failure: expect.objectContaining({ code: "limit-exceeded" }) }),
  );
});

test("a journal of 100,000 events leaves in pages, in bounded frames, as the worker takes them", () => {
  const [event] = activation(1, 1_000).events;
  const events = Array.from({ length: 100_000 }, (_, at) => ({ ...event!, seq: at + 1 }));
  session.activate({ ...activation(1, 1_000), events });
  const window = 4 * wireLimits.frameTargetBytes;
  let [onTheWay, seen, taken, frames] = [0, 0, 0, 0];
  const pipe = (frame: Uint8Array): void => {
    const { messages } = decodeServerFrame(frame);
    if (messages.length === 0) return;
    frames++;
    onTheWay += frame.length;
    taken += messages.length;
    // A page past the target may begin before it.
    expect(frame.length).toBeLessThan(2 * wireLimits.frameTargetBytes + 128 * 1_100);
    expect(onTheWay).toBeLessThan(window + 128 * 1_100);
    for (const message of messages) {
      if (message.type !== "activate" && message.type !== "page") continue;
      expect(message.events.length).toBeLessThanOrEqual(wireLimits.pageEvents);
      expect(message.events[0]?.seq).toBe(seen + 1);
      seen += message.events.length;
      expect(message.isLast).toBe(seen === events.length);
    }
  };
  session.attach(pipe, 0, window);
  for (let round = 0; seen < events.length; round++) {
    expect(round).toBeLessThan(1_000);
    for (const call of deferred.splice(0)) call();
    onTheWay = 0;
    session.receive(decodeWorkerFrame(encodeFrame(1, taken, [])), 10);
  }
  expect(frames).toBeGreaterThan(100);
});

test("a journal that goes on while it waits is sent as it was: what came is delivered once", () => {
  const [event] = activation(1, 1_000).events;
  const live = [event!];
  session.activate({ ...activation(1, 1_000), events: live });
  live.push({ ...event!, seq: 2 });
  session.deliver(idOf(1), 1, live.slice(1));
  const told = sent().flatMap((message) => ("events" in message ? message.events : []));
  expect(told.map(({ seq }) => seq)).toEqual([1, 2]);
});

test("what is said of a run comes after its journal, in order", () => {
  const { events } = activation(1, 1_000);
  session.activate({ ...activation(1, 300_000) });
  session.deliver(idOf(1), 1, [{ ...events[0]!, seq: 2 }]);
  void session.query(idOf(1), 1, "q", json(null)).catch(() => undefined);
  expect(sent().map(({ type }) => type)).toEqual(["activate", "deliver", "query"]);
});

test("queries wait up to the limit, and not one more; the end of the session ends them", async () => {
  const asked: Promise<unknown>[] = [];
  for (let i = 0; i < serverLimits.streamCalls; i++) {
    asked.push(session.query(idOf(1), 1, "q", json(null)));
  }
  await expect(session.query(idOf(1), 1, "q", json(null))).rejects.toMatchObject({
    code: "overloaded",
  });
  sent();
  const reply = encodeWorkerMessage({ type: "reply", call: 1, output: json(5) });
  session.receive(decodeWorkerFrame(encodeFrame(1, 0, [reply])), 10);
  expect(await asked[0]).toEqual(json(5));
  session.closed();
  await expect(asked[1]).rejects.toMatchObject({ code: "unavailable" });
  const rest = await Promise.allSettled(asked);
  expect(rest.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});
