/**
 * When streams want to be woken. A live stream has one alarm, what its machine's `wakeAt` says
 * after each batch; of the settled ones the soonest are held here, read from the store.
 *
 * A1  A settled stream whose alarm is before its partition's `through` is in the heap.
 * A2  An alarm that rings too early or twice does no harm: the machine looks at its own state.
 */
import { limits, type StreamId } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { Live } from "../streams/live.ts";
import { AlarmHeap, type AlarmEntry } from "./alarm-heap.ts";

/** A clock that is set forward, or a machine that slept, is noticed after so long. */
const LONGEST_MS = 300_000;
const END_OF_TIME = Number.MAX_SAFE_INTEGER;
/** A page that is full of one moment's alarms must not be read again at once. */
const PAGE_MS = 50;
const RETRY_MS = 1_000;

interface Window {
  /** Rings when the rest is to be read. */
  readonly end: AlarmEntry;
  readonly cold: Map<StreamId, AlarmEntry>;
  /** Up to here, exclusive, all settled alarms are known, or are being read. */
  through: number;
  isReading: boolean;
  generation: number;
}

export interface AlarmParts {
  readonly store: Store;
  readonly env: Env;
  readonly partitions: number;
  readonly wake: (stream: StreamId) => void;
}

export class Alarms {
  readonly #parts: AlarmParts;
  readonly #heap = new AlarmHeap();
  readonly #windows: readonly Window[];
  #timerAt = Infinity;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(parts: AlarmParts) {
    this.#parts = parts;
    this.#windows = Array.from({ length: parts.partitions }, (_, home) => ({
      end: { at: 0, index: -1, home, stream: undefined },
      cold: new Map(),
      through: 0,
      isReading: false,
      generation: 0,
    }));
  }

  get size(): number {
    return this.#heap.size;
  }

  /** By partition: alarms that should have rung. */
  late(now: number): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const { home } of this.#heap.before(now)) counts.set(home, (counts.get(home) ?? 0) + 1);
    return counts;
  }

  /** After every batch that touched the stream. */
  set(live: Live, at: number | undefined): void {
    if (at === undefined) {
      if (live.alarm.index !== -1) this.#heap.remove(live.alarm);
    } else {
      this.#heap.set(live.alarm, at);
      if (at < this.#timerAt) this.#arm();
    }
  }

  /** The stream leaves memory, settled: its alarm stays if the window covers it. */
  cool(live: Live): void {
    const { alarm } = live;
    if (alarm.index === -1) return;
    const window = this.#windows[live.home];
    if (window === undefined || alarm.at >= window.through) return this.#heap.remove(alarm);
    window.cold.set(live.stream, alarm);
    // Too many to hold: only the soonest stay.
    if (window.cold.size > 2 * limits.alarmWindow && !window.isReading) this.#refill(live.home);
  }

  /** The stream is in memory again and has its own alarm. */
  warm(home: number, stream: StreamId): void {
    const cold = this.#windows[home]?.cold;
    const entry = cold?.get(stream);
    if (entry === undefined) return;
    cold?.delete(stream);
    this.#heap.remove(entry);
  }

  /** The live stream is dropped with its batch. */
  drop(live: Live): void {
    this.#heap.remove(live.alarm);
  }

  /** Reads the window anew, at open and after a partition has lost its memory. */
  async reopen(home: number): Promise<void> {
    const window = this.#windows[home];
    if (window === undefined) return;
    this.#clear(window);
    window.generation++;
    await this.#read(window);
  }

  /** The partition leaves: its settled streams are woken by its next owner. */
  leave(home: number): void {
    const window = this.#windows[home];
    if (window === undefined) return;
    this.#clear(window);
    window.generation++;
    window.through = 0;
    window.isReading = false;
    this.#heap.remove(window.end);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #read(window: Window): Promise<void> {
    const { store, env } = this.#parts;
    const { generation, end } = window;
    // Set before the answer: what is settled meanwhile must not fall between.
    window.through = END_OF_TIME;
    window.isReading = true;
    const alarms = await store.alarms(end.home, END_OF_TIME, limits.alarmWindow);
    if (window.generation !== generation || this.#isStopped) return;
    window.isReading = false;
    const last = alarms.at(-1);
    if (last !== undefined && alarms.length === limits.alarmWindow) {
      this.#clear(window);
      window.through = last.at;
      this.#heap.set(end, Math.max(last.at, env.now() + PAGE_MS));
    }
    for (const { stream, at } of alarms) this.#hold(window, stream, at);
    this.#arm();
  }

  #clear(window: Window): void {
    for (const entry of window.cold.values()) this.#heap.remove(entry);
    window.cold.clear();
  }

  #hold(window: Window, stream: StreamId, at: number): void {
    if (window.cold.has(stream)) return;
    const entry: AlarmEntry = { at, index: -1, home: window.end.home, stream };
    window.cold.set(stream, entry);
    this.#heap.set(entry, at);
  }

  #arm(): void {
    const top = this.#heap.top();
    if (top === undefined || this.#isStopped) return;
    if (top.at >= this.#timerAt) return;
    this.#cancel?.();
    const delay = Math.max(0, Math.ceil(top.at - this.#parts.env.now()));
    this.#timerAt = top.at;
    this.#cancel = this.#parts.env.after(Math.min(delay, LONGEST_MS), this.#ring);
  }

  readonly #ring = (): void => {
    this.#timerAt = Infinity;
    this.#cancel = undefined;
    const now = this.#parts.env.now();
    for (;;) {
      const top = this.#heap.top();
      if (top === undefined || top.at > now) break;
      this.#heap.remove(top);
      if (top.stream === undefined) this.#refill(top.home);
      else {
        this.#windows[top.home]?.cold.delete(top.stream);
        this.#parts.wake(top.stream);
      }
    }
    this.#arm();
  };

  #refill(home: number): void {
    const window = this.#windows[home];
    if (window === undefined) return;
    this.#read(window).catch((error: unknown) => {
      const { env } = this.#parts;
      env.log("warn", "the alarms of settled streams could not be read; trying again", { error });
      this.#heap.set(window.end, env.now() + RETRY_MS);
      this.#arm();
    });
  }
}
