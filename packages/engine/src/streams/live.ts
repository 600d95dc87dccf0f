/**
 * A stream whose machine is in memory.
 *
 * L1  `state` is the fold of all events, also of those still on their way to disk; `durable` is
 *     the seq up to which they are on disk. Nothing past `durable` leaves the node.
 * L2  A live stream whose batch is lost is dropped with its state, never repaired.
 */
import type { Position, RunEvent, RunId, RunState, StreamId } from "@perdure/kernel";
import { limits, runOfStream } from "@perdure/kernel";
import type { StreamData } from "@perdure/store";
import type { AnyMachine } from "../core/machines.ts";
import type { AlarmEntry } from "../time/alarm-heap.ts";
import type { Slice } from "../commit/draft.ts";
import type { Hold } from "../workers/hold.ts";
import type { Want } from "../workers/bucket.ts";
import type { Call } from "../workers/calls.ts";

/** `settledSeq` of a stream that the store has not settled. */
export const UNSETTLED = -1;

export class Live {
  readonly stream: StreamId;
  /** Its partition. */
  readonly home: number;
  readonly machine: AnyMachine;
  readonly state: Position;
  readonly alarm: AlarmEntry;
  durable: number;
  /** The time of its last message, which never goes back. */
  at = 0;
  /** The seq at which the store settled it. */
  settledSeq: number = UNSETTLED;
  /** Its row in the index is to be written. */
  isUnlisted = false;
  /** Its row says that its retention is over. */
  isPurged = false;
  /** Something has happened since the last sweep. */
  warm = true;
  /** It is to be settled. */
  isCooling = false;
  /** Its events in the batch being built. */
  slice: Slice | undefined = undefined;
  /** The batch it was last touched by. */
  touchedBy = 0;

  constructor(stream: StreamId, home: number, machine: AnyMachine, state: Position) {
    this.stream = stream;
    this.home = home;
    this.machine = machine;
    this.state = state;
    this.durable = state.seq;
    this.alarm = { at: 0, index: -1, home, stream };
  }
}

export class LiveRun extends Live {
  readonly runId: RunId;
  /** All events from seq 1 while they are few; a long journal is read from the store. */
  #journal: RunEvent[] | undefined = [];
  #journalBytes = 0;
  hold: Hold | undefined = undefined;
  want: Want | undefined = undefined;
  /** Its batch was lost and it was dropped (L2): nobody gets a hold on it any more. */
  isVoid = false;
  /** See `Activation.lostAt`. */
  lostAt = 0;
  /** The worker that went away in the middle of its code, until another one has caught up. */
  lostBy: { readonly worker: string; readonly at: number } | undefined = undefined;
  /** Queries and updates that wait for, or are with, the holder. */
  readonly calls: Call[] = [];

  constructor(stream: StreamId, home: number, machine: AnyMachine, state: Position) {
    super(stream, home, machine, state);
    this.runId = runOfStream(stream);
  }

  get run(): RunState {
    return this.state as RunState;
  }

  /** Its code has begun, and has not yet answered for everything that it has to see. */
  get isUnderWay(): boolean {
    const { begun, outcome, wakeSeq, through } = this.run;
    return begun && outcome === undefined && wakeSeq > through;
  }

  /** The journal that is on disk, if it is in memory too. */
  get journal(): readonly RunEvent[] | undefined {
    const events = this.#journal;
    if (events === undefined || events.length === this.durable) return events;
    return events.slice(0, this.durable);
  }

  remember(event: RunEvent, bytes: number): void {
    if (this.#journal === undefined) return;
    this.#journal.push(event);
    this.#journalBytes += bytes;
    this.#limitJournal();
  }

  /** As it was read from the store; undefined: only a part of it was. */
  recall(journal: RunEvent[] | undefined, read: StreamData): void {
    this.#journal = journal;
    this.#journalBytes = read.events.reduce((sum, { length }) => sum + length, 0);
    this.#limitJournal();
  }

  #limitJournal(): void {
    const events = this.#journal?.length ?? 0;
    if (events > limits.liveJournalEvents || this.#journalBytes > limits.liveJournalBytes) {
      this.#journal = undefined;
    }
  }
}
