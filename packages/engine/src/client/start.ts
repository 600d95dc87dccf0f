/** Starting runs: under a key, under a request id alone, or just so; and forking them. */
import {
  errorData,
  invariant,
  isClosing,
  keyStream,
  openRun,
  PerdureError,
  runId,
  runNamedBy,
  runStream,
  SLOTS,
  slotOfKey,
  slotOfRun,
  type KeyRef,
  type KeyState,
  type Payload,
  type Reply,
  type RunEvent,
  type RunId,
  type RunSpec,
  type StreamId,
} from "@perdure/kernel";
import type { EngineClient, ForkRequest, Started, StartRequest, StartResult } from "../client.ts";
import { drawHex } from "../core/draw.ts";
import type { Env } from "../env.ts";
import { readEvents } from "../streams/journal.ts";
import { checkKey, checkNamespace, checkPayload, checkStart, checkStartMany } from "./checks.ts";
import type { Partition } from "../streams/partition.ts";
import { LiveRun } from "../streams/live.ts";
import { checkRunId, findDurableRun, isElsewhere, unknownRun, type Desk } from "./desk.ts";

type Starts = Pick<EngineClient, "start" | "startMany" | "fork">;

export function startVerbs(desk: Desk, by?: string): Starts {
  return {
    async start(request) {
      desk.checkStarts();
      return startOne(desk, request, by);
    },

    async startMany(namespace, items) {
      desk.checkStarts();
      checkNamespace(namespace);
      checkStartMany(items);
      // All are posted before the first is awaited: one batch for each partition.
      return Promise.all(
        items.map(({ key, ...item }) => {
          const own = key === undefined ? {} : { key: { namespace, ...key } };
          return startOne(desk, { ...item, ...own, namespace }, by).catch(asResult);
        }),
      );
    },

    async fork(request) {
      desk.checkStarts();
      const { spec, prefix } = await prefixOf(desk, request);
      const from = request.runId;
      const reply = await desk.mail.ask(runStream(spec.runId), (asker) => {
        return { type: "run.fork", spec, from, prefix, request: asker };
      });
      return startedBy(reply);
    },
  };
}

async function startOne(desk: Desk, asked: StartRequest, by?: string): Promise<Started> {
  checkStart(asked);
  const request = signedBy(asked, by);
  const key = keyOf(request);
  const spec = specOf(desk, request, key);
  const { signal, mode = "single", reuse = "allow", conflict = "useExisting" } = request;
  if (key === undefined) return startedBy(await startAlone(desk, spec, request));
  const extra = signal === undefined ? {} : { signal };
  const stream = keyStream(key);
  const isPatient = mode === "exclusive" && request.isPatient === true && isBusy(desk, stream);
  const reply = await desk.mail.ask(
    stream,
    (asker) => ({ type: "key.start", spec, mode, reuse, conflict, request: asker, ...extra }),
    isPatient ? "withNext" : "atOnce",
  );
  const started = startedBy(reply);
  if (mode === "exclusive" && !started.existing) {
    desk.listeners.expect(started.runId, spec.namespace);
  }
  return started;
}

/** Whoever comes now has to wait for somebody. */
function isBusy(desk: Desk, stream: StreamId): boolean {
  const live = desk.loader.find(stream);
  return live !== undefined && openRun(live.state as KeyState) !== undefined;
}

/** What a caller may be told is data; a bug is not. */
function asResult(error: unknown): StartResult {
  if (error instanceof PerdureError) return { error: errorData(error) };
  throw error;
}

function startAlone(desk: Desk, spec: RunSpec, asked: StartRequest): Promise<Reply> {
  const stream = runStream(spec.runId);
  if (namedBy(asked)) {
    return desk.mail.ask(stream, (request) => {
      return { type: "run.start", spec, isNamed: true, request };
    });
  }
  const started = desk.mail.ask(stream, (request) => ({ type: "run.start", spec, request }));
  const { signal } = asked;
  // Posted right behind the start, so nothing comes between.
  if (signal) desk.mail.post(stream, { type: "run.signal", signal });
  return started;
}

function signedBy(request: StartRequest, by: string | undefined): StartRequest {
  const { signal } = request;
  return signal === undefined || by === undefined
    ? request
    : { ...request, signal: { ...signal, by } };
}

/**
 * A request id without a key is a key of its own, where a second start with it finds the first;
 * unless it names the run, which then is found itself.
 */
export function keyOf(request: StartRequest): KeyRef | undefined {
  const { namespace, workflow, key, requestId } = request;
  if (key !== undefined || requestId === undefined || namedBy(request)) return key;
  return { namespace, kind: "idempotency", id: `${workflow}/${requestId}` };
}

/**
 * A signal is not told twice by who repeats its start: a key remembers that, and a run does not. A
 * run lives where its key does, so that an id of another slot names none.
 */
export function namedBy({
  key,
  requestId,
  signal,
}: Pick<StartRequest, "key" | "requestId" | "signal">): RunId | undefined {
  const named = requestId === undefined ? undefined : runNamedBy(requestId);
  if (named === undefined || key === undefined) return signal === undefined ? named : undefined;
  return slotOfRun(named) === slotOfKey(key) ? named : undefined;
}

function specOf(desk: Desk, request: StartRequest, key: KeyRef | undefined): RunSpec {
  const {
    signal: _,
    reuse: __,
    conflict: ___,
    key: ____,
    isPatient: _____,
    mode,
    ...rest
  } = request;
  return {
    ...rest,
    runId: namedBy(request) ?? drawHome(desk, key),
    ...(key === undefined ? {} : { key, mode: mode ?? "single" }),
  };
}

/** A run lives where its key lives, and without one in a partition of this node. */
function drawHome(desk: Desk, key: KeyRef | undefined): RunId {
  const { env, partitions } = desk;
  const slot = key ? slotOfKey(key) : drawSlot(env);
  if (key || takesStarts(partitions[slot % partitions.length])) return drawAt(env, slot);
  const here = partitions.filter(takesStarts);
  const home = here[Math.floor(env.random() * here.length)];
  if (home === undefined) return drawAt(env, slot);
  const near = slot - (slot % partitions.length) + home.number;
  return drawAt(env, near < SLOTS ? near : near - partitions.length);
}

function takesStarts(partition: Partition | undefined): boolean {
  return partition?.phase === "open" || partition?.phase === "opening";
}

/** An id that lies anywhere. */
export function drawRunId(env: Env): RunId {
  return drawAt(env, drawSlot(env));
}

function drawSlot(env: Env): number {
  return Math.floor(env.random() * SLOTS);
}

function drawAt(env: Env, slot: number): RunId {
  return runId(env.now(), slot, drawHex(env, 2));
}

function startedBy(reply: Reply): Started {
  invariant(reply.type === "run", `a start was answered with ${reply.type}`);
  return { runId: reply.runId, existing: reply.existing };
}

async function prefixOf(
  desk: Desk,
  { runId: origin, at, overrides = {}, key }: ForkRequest,
): Promise<{ readonly spec: RunSpec; readonly prefix: readonly RunEvent[] }> {
  if (key) checkKey(key);
  const { run, stream } = await originOf(desk, origin);
  if (!Number.isInteger(at) || at < 1 || at > run.seq) {
    const text = `Fork at an event of the journal: 1 to ${run.seq}, not ${at}.`;
    throw new PerdureError("invalid-argument", text);
  }
  const events = ((await readEvents(desk.store, stream, 1, at)) ?? []) as RunEvent[];
  const last = events.at(-1);
  if (last === undefined || isClosing(last.kind)) {
    const text = `Event ${at} closed the run: fork before it, at ${at - 1} or earlier.`;
    throw new PerdureError("invalid-argument", text);
  }
  invariant(run.spec, "a run without a spec was found");
  const { key: _, mode: __, parent: ___, notify: ____, requestId: _____, ...rest } = run.spec;
  const spec: RunSpec = {
    ...rest,
    runId: drawHome(desk, key),
    seed: run.spec.seed ?? origin,
    ...(key === undefined ? {} : { key, mode: "shared" }),
  };
  return { spec, prefix: override(events, overrides) };
}

/** A fork under a key lives with its key, and what it is forked from may be elsewhere. */
async function originOf(desk: Desk, origin: RunId): Promise<LiveRun> {
  checkRunId(origin);
  if (!isElsewhere(desk, runStream(origin))) return findDurableRun(desk, origin);
  const live = await desk.loader.peek(runStream(origin));
  if (live instanceof LiveRun && live.run.spec !== undefined) return live;
  throw unknownRun(origin);
}

/** Puts other results in place of the recorded ones, by operation key. */
function override(
  events: readonly RunEvent[],
  overrides: Readonly<Record<string, Payload>>,
): readonly RunEvent[] {
  const missing = new Set(Object.keys(overrides));
  for (const [key, payload] of Object.entries(overrides)) {
    checkPayload(`the override of ${key}`, payload);
  }
  const replaced = events.map((event) => {
    const output = "key" in event && event.key !== undefined ? overrides[event.key] : undefined;
    const other = output && withResult(event, output);
    if (other && "key" in event && event.key !== undefined) missing.delete(event.key);
    return other ?? event;
  });
  const [first] = missing;
  if (first === undefined) return replaced;
  throw new PerdureError(
    "invalid-argument",
    `The operation "${first}" has no result in the copied part of the journal: fork later, or ` +
      `leave the override out.`,
  );
}

function withResult(event: RunEvent, output: Payload): RunEvent | undefined {
  switch (event.kind) {
    case "step.completed":
      return { ...event, output };
    case "wait.resolved":
      return { kind: event.kind, seq: event.seq, at: event.at, key: event.key, payload: output };
    case "call.closed":
      return { ...event, outcome: { status: "completed", output } };
    case "value.recorded":
      return { ...event, value: output };
    default:
      return undefined;
  }
}
