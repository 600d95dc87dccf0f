/**
 * What is durable, as the checks see it: every stream with its events, folded by the kernel's own
 * machines from what was committed and from nothing else.
 *
 * It is told of each commit at the moment it is applied, checks it, and is the truth that
 * everything an engine says is compared with.
 */
import { defaultTuning } from "@perdure/engine";
import {
  keyMachine,
  machineOf,
  partitionOf,
  runMachine,
  runOfStream,
  runStream,
  scheduleMachine,
  topicMachine,
  explain,
  type Calendar,
  type KeyEventBody,
  type KeyState,
  type Machine,
  type MachineKind,
  type Position,
  type RunEvent,
  type RunId,
  type RunState,
  type ScheduleEventBody,
  type ScheduleState,
  type StreamId,
  type TopicEventBody,
  type TopicState,
} from "@perdure/kernel";
import { decodeEvent, type AnyEvent, type Batch, type Blob, type Opened } from "@perdure/store";
import { checkSettled, checkTouchedRun } from "./batch-checks.ts";
import { markCommit } from "../reached/batches.ts";
import { markKey, markSchedule, markTopic } from "../reached/keyed-situations.ts";
import { markRun } from "../reached/situations.ts";
import { ExclusiveKeys } from "./exclusive.ts";
import { NominalTimes, outOfTurn, wrongWaits } from "./keyed.ts";
import { JournalGrammar } from "./journal-grammar.ts";
import type { Marks } from "../world/marks.ts";
import type { Trace } from "../world/trace.ts";
import type { Violations } from "./violations.ts";

type AnyMachine = Machine<Position, never, AnyEvent>;

export interface ShadowStream {
  readonly stream: StreamId;
  readonly machine: AnyMachine;
  readonly events: AnyEvent[];
  readonly state: Position;
  readonly grammar: JournalGrammar | undefined;
}

export interface ShadowRun {
  readonly runId: RunId;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
}

export interface ShadowParts {
  readonly partitions: number;
  readonly calendar: Calendar;
  readonly violations: Violations;
  readonly marks: Marks;
  readonly trace: Trace;
  /** Whole events in the trace. */
  readonly verbose: boolean;
}

export class Shadow {
  readonly streams = new Map<StreamId, ShadowStream>();
  readonly #violations: Violations;
  readonly #machines: Readonly<Record<MachineKind, AnyMachine>>;
  readonly #owners = new Map<number, string>();
  readonly #epochs = new Map<number, number>();
  readonly #batches = new Map<number, number>();
  /** Highest message seq by `from>to`: sent and marked. */
  readonly #sent = new Map<string, number>();
  readonly #marked = new Map<string, number>();
  readonly #blobs = new Map<string, Uint8Array>();
  /** Runs that a key has started or will start. */
  readonly #promised = new Set<RunId>();
  readonly #exclusive = new ExclusiveKeys();
  readonly #nominal = new NominalTimes();
  readonly #parts: ShadowParts;
  /** Undefined: something was committed since it was looked at. */
  #isOpen: boolean | undefined;

  constructor(parts: ShadowParts) {
    this.#parts = parts;
    this.#violations = parts.violations;
    this.#machines = {
      run: runMachine as unknown as AnyMachine,
      key: keyMachine as unknown as AnyMachine,
      topic: topicMachine as unknown as AnyMachine,
      schedule: scheduleMachine(parts.calendar) as unknown as AnyMachine,
    };
  }

  opened(partition: number, { epoch }: Opened, owner: string): void {
    this.#owners.set(partition, owner);
    const before = this.#epochs.get(partition) ?? 0;
    if (epoch <= before) {
      this.#violations.report("3", `partition ${partition} was opened with epoch ${epoch} again`);
    }
    this.#epochs.set(partition, epoch);
  }

  applied(batches: readonly Batch[]): void {
    this.#isOpen = undefined;
    for (const batch of batches) this.#apply(batch);
    markCommit(batches, this.#parts.marks);
  }

  run(runId: string): ShadowRun | undefined {
    const stream = this.streams.get(`run/${runId}` as StreamId);
    return stream && asRun(stream);
  }

  runs(): ShadowRun[] {
    return [...this.streams.values()]
      .filter(({ stream }) => machineOf(stream) === "run")
      .map((stream) => asRun(stream));
  }

  #apply(batch: Batch): void {
    const { partition } = batch;
    this.#checkFence(batch);
    for (const blob of batch.blobs) this.#keep(blob);
    const touched = batch.appends.map((append) => this.#append(append));
    for (const { to, seq } of batch.outbox) this.#advance(this.#sent, `${partition}>${to}`, seq);
    for (const { from, seq } of batch.marks) this.#mark(`${from}>${partition}`, seq);
    for (const settled of batch.settle) {
      const stream = this.streams.get(settled.stream);
      const problem = stream && checkSettled(stream, settled);
      if (problem !== undefined) this.#violations.report("6", `${settled.stream}: ${problem}`);
    }
    for (const stream of batch.forget) {
      this.#parts.trace.note("disk", "forgets", stream);
      this.streams.delete(stream);
    }
    for (const stream of touched) {
      if (stream.grammar === undefined) continue;
      const problem = checkTouchedRun(asRun(stream));
      if (problem !== undefined) this.#violations.report("8", `${stream.stream}: ${problem}`);
    }
  }

  /** The node that took the run's partition last. */
  ownerOf(runId: RunId): string | undefined {
    return this.#owners.get(partitionOf(runStream(runId), this.#parts.partitions));
  }

  /** A start is kept by its run, or by the key that has sent or will send it. */
  isStarted(runId: RunId): boolean {
    return this.#promised.has(runId) || this.run(runId) !== undefined;
  }

  /** The run and those that it went on as. */
  chainOf(runId: RunId): readonly RunId[] {
    const chain = [runId];
    for (;;) {
      const outcome = this.run(chain.at(-1) ?? runId)?.state.outcome;
      if (outcome?.status !== "continued") return chain;
      chain.push(outcome.runId);
    }
  }

  /** Messages on their way, runs that are open, and starts that wait under a key. */
  hasOpenWork(): boolean {
    return (this.#isOpen ??=
      this.#linksUnderWay().length > 0 || [...this.streams.values()].some(isOpen));
  }

  describeOpenWork(): string {
    const open = [...this.streams.values()].filter(isOpen);
    const streams = open.map((stream) => `\n  ${stream.stream} ${describe(stream)}`);
    const links = this.#linksUnderWay().map(
      ([link, seq]) => `\n  messages ${link} up to ${seq}, applied ${this.#marked.get(link) ?? 0}`,
    );
    return [...streams, ...links].join("");
  }

  /** Partitions whose messages to another have not all been applied. */
  #linksUnderWay(): readonly (readonly [link: string, sent: number])[] {
    return [...this.#sent].filter(([link, seq]) => seq > (this.#marked.get(link) ?? 0));
  }

  #note(stream: StreamId, event: AnyEvent): void {
    const key = "key" in event && typeof event.key === "string" ? ` ${event.key}` : "";
    const attempt = "attempt" in event ? `@${event.attempt}` : "";
    const more = this.#parts.verbose ? ` ${JSON.stringify(event, readable)}` : "";
    this.#parts.trace.note(stream.slice(-24), event.kind, `${event.seq}${key}${attempt}${more}`);
  }

  #checkFence({ partition, epoch, number }: Batch): void {
    const newest = this.#epochs.get(partition);
    if (epoch !== newest) {
      const text = `epoch ${epoch} committed to partition ${partition}, whose owner is ${newest}`;
      this.#violations.report("3", text);
    }
    const expected = (this.#batches.get(partition) ?? 0) + 1;
    if (number !== expected) {
      const text = `batch ${number} of partition ${partition} was applied, ${expected} is next`;
      this.#violations.report("3", text);
    }
    this.#batches.set(partition, number);
  }

  #append({ stream: id, from, events }: Batch["appends"][number]): ShadowStream {
    const stream = this.streams.get(id) ?? this.#begin(id);
    for (const [i, bytes] of events.entries()) {
      const event = decodeEvent(bytes, from + i, (hash) => this.#blobs.get(hex(hash)));
      const seq = stream.events.length + 1;
      if (event.seq !== seq)
        this.#violations.report("2", `${id}: event ${event.seq}, ${seq} is next`);
      const problem = stream.grammar?.next(event as RunEvent);
      if (problem !== undefined) this.#violations.report(problem[0], `${id}: ${problem[1]}`);
      // That its code was not reached says nothing of it.
      if (event.kind === "activation.failed" && event.failure.code !== "push-failed") {
        this.#violations.report("9", `${id}: ${event.failure.code}: ${event.failure.message}`);
      }
      this.#situate(stream, event);
      stream.events.push(event);
      stream.machine.evolve(stream.state, event);
      if (event.kind === "key.started") this.#promised.add(event.runId);
      if (event.kind === "key.queued" || event.kind === "key.delayed") {
        this.#promised.add(event.pending.spec.runId);
      }
      this.#parts.marks.hit(`event: ${event.kind}`);
      this.#note(id, event);
    }
    return stream;
  }

  #reportIf(invariant: string, stream: StreamId, problem: string | undefined): void {
    if (problem !== undefined) this.#violations.report(invariant, `${stream}: ${problem}`);
  }

  /** Invariant 7: only closed runs are forgotten, and only when their time is over. */
  pruned(streams: readonly StreamId[], now: number): void {
    for (const stream of streams) {
      const { state } = this.run(runOfStream(stream)) ?? {};
      if (state?.spec === undefined) continue;
      const { closedAt = Infinity, spec } = state;
      if (closedAt + (spec.retentionMs ?? defaultTuning.retentionMs) < now) continue;
      this.#violations.report("7", `${stream} was forgotten before its time`);
    }
  }

  /** Checks what happens to the stream, and marks where it is as it does. */
  #situate({ stream, state }: ShadowStream, event: AnyEvent): void {
    const { marks } = this.#parts;
    switch (machineOf(stream)) {
      case "run": {
        const problem = this.#exclusive.next(runOfStream(stream), event as RunEvent);
        this.#reportIf("exclusive", stream, problem);
        return markRun(state as RunState, event as RunEvent, marks);
      }
      case "key":
        this.#reportIf("K3", stream, outOfTurn(state as KeyState, event as KeyEventBody));
        return markKey(state as KeyState, event as KeyEventBody, marks);
      case "topic":
        this.#reportIf("topic", stream, wrongWaits(state as TopicState, event as TopicEventBody));
        return markTopic(event as TopicEventBody, marks);
      case "schedule":
        this.#reportIf("C1", stream, this.#nominal.next(stream, event as ScheduleEventBody));
        return markSchedule(state as ScheduleState, event as ScheduleEventBody, marks);
    }
  }

  #begin(stream: StreamId): ShadowStream {
    const kind = machineOf(stream);
    const machine = this.#machines[kind];
    const grammar = kind === "run" ? new JournalGrammar() : undefined;
    const begun = { stream, machine, events: [], state: machine.initial(), grammar };
    this.streams.set(stream, begun);
    return begun;
  }

  /** Invariants 1 and 4: a message is applied after it was durable, and not again. */
  #mark(link: string, seq: number): void {
    if (seq > (this.#sent.get(link) ?? 0)) {
      this.#violations.report("1", `message ${seq} of ${link} was applied before it was durable`);
    }
    if (seq < (this.#marked.get(link) ?? 0)) {
      this.#violations.report("4", `message ${seq} of ${link} was applied again`);
    }
    this.#marked.set(link, seq);
  }

  #advance(of: Map<string, number>, link: string, seq: number): void {
    const expected = (of.get(link) ?? 0) + 1;
    if (seq !== expected)
      this.#violations.report("4", `message ${seq} of ${link}, not ${expected}`);
    of.set(link, seq);
  }

  #keep({ hash, data }: Blob): void {
    this.#blobs.set(hex(hash), data);
  }
}

function asRun({ stream, events, state }: ShadowStream): ShadowRun {
  return {
    runId: runOfStream(stream),
    events: events as unknown as readonly RunEvent[],
    state: state as RunState,
  };
}

function isOpen({ stream, state }: ShadowStream): boolean {
  switch (machineOf(stream)) {
    case "run":
      return (state as RunState).spec !== undefined && (state as RunState).outcome === undefined;
    case "key":
      return (state as KeyState).inbox.length + (state as KeyState).delayed.length > 0;
    default:
      return false;
  }
}

function describe({ stream, state }: ShadowStream): string {
  if (machineOf(stream) !== "run") return "has starts that wait";
  return explain(state as RunState, { serves: () => "yes" }, (state as RunState).at)
    .waiting.map(({ on, key, text }) => `${on} ${key ?? ""}: ${text}`)
    .join("; ");
}

/** Payloads as the text they hold, stacks left out. */
function readable(name: string, value: unknown): unknown {
  if (name === "stack") return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return value;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
