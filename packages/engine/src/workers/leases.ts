/**
 * Who runs which run's code. It owns the holds.
 *
 * W1  Events reach a worker only after they are durable, contiguous in `seq`.
 * W2  At most one hold per run can write: an answer counts only under the run's present hold.
 * W4  A run that wants its code run has a hold, or an entry in the matcher.
 * W5  Only a parked coroutine is taken from its worker to make room for another run.
 * W6  The code of a paused run is given nothing more; what it was doing it may finish.
 * W8  A pinned run is held by workers of its version only; whoever else has it is told to let go.
 * W7  A worker is given a run when all that earlier holders wrote is durable, and all of it: else
 *     it would do again what is on its way to disk.
 */
import {
  invariant,
  PerdureError,
  wantsActivation,
  type ActivationAnswer,
  type RunEvent,
} from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Mail } from "../commit/mail.ts";
import type { Stats } from "../core/stats.ts";
import type { Env } from "../env.ts";
import { LiveRun, type Live } from "../streams/live.ts";
import { readEvents } from "../streams/journal.ts";
import type { Loader } from "../streams/loader.ts";
import type { Lease } from "../worker.ts";
import type { Calls } from "./calls.ts";
import { Hold } from "./hold.ts";
import type { Want } from "./bucket.ts";
import type { Matcher } from "./matcher.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

const RETRY_MS = 250;

export interface LeaseParts {
  readonly store: Store;
  readonly env: Env;
  readonly stats: Stats;
  readonly loader: Loader;
  readonly mail: Mail;
  readonly matcher: () => Matcher;
  readonly calls: () => Calls;
  /** The run's partition is being given away: its code begins nowhere here any more. */
  readonly isLeaving: (live: LiveRun) => boolean;
  /** The worker holds nothing more. */
  readonly emptied: (worker: RegisteredWorker) => void;
}

export class Leases {
  readonly #parts: LeaseParts;
  #lastLease = 0;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** After anything that may change whether the run wants a holder (W4). */
  touch(live: LiveRun): void {
    const { hold, run } = live;
    if (live.want !== undefined && live.want.version !== run.version) this.#unwant(live);
    if (hold !== undefined && isOfOtherVersion(hold)) return this.end(hold);
    if (hold !== undefined) {
      const isOver = run.outcome !== undefined && live.durable === run.seq;
      if (isOver && live.calls.length === 0) this.end(hold);
      else this.#park(hold);
    } else if (this.#isWanted(live)) this.#want(live);
    else this.#unwant(live);
  }

  /** What makes the run want a holder is on its way to disk: who will have it may get ready. */
  foresee(live: LiveRun): void {
    const { hold, want, run, runId } = live;
    const { spec, version } = run;
    if (hold !== undefined || want !== undefined || spec === undefined) return;
    if (!this.#isWanted(live)) return;
    const { namespace, queue, workflow: name } = spec;
    const place = { kind: "workflow", namespace, queue, name, version } as const;
    this.#parts.matcher().onlyFor(place)?.worker.foresee?.(runId, spec);
  }

  /** These events of the run are durable. */
  deliver(live: LiveRun, events: readonly RunEvent[]): void {
    const { hold } = live;
    if (hold === undefined) return;
    if (!hold.isActive && !hold.isReading) return this.#begin(hold);
    const { missed } = hold;
    if (missed.length > 0) missed.push(...events);
    // A paused run's code gets nothing that would let it go on.
    if (!hold.isActive || live.run.paused !== undefined) {
      if (missed.length === 0) hold.missed = [...events];
      return;
    }
    if (missed.length > 0) hold.missed = [];
    const news = missed.length > 0 ? missed : events;
    invariant(news[0]?.seq === hold.delivered + 1, `a gap in what ${live.runId} is told (W1)`);
    hold.delivered += news.length;
    hold.worker.worker.deliver(live.runId, hold.lease, news);
    this.#unpark(hold);
  }

  /** What the holder says; whether it counts is seen when its turn comes (W2). */
  answer(hold: Hold, answer: ActivationAnswer): void {
    if (answer.commands.length > 0 || answer.through !== undefined) this.#pin(hold);
    this.#parts.mail.post(hold.live.stream, { type: "run.answer", answer }, hold);
  }

  /** Before a message under a hold is handled: does it still count (W2)? */
  admits(hold: Hold): boolean {
    return hold.live.hold === hold && !hold.hasFailed;
  }

  /** Its code has ended the run, in a batch that is about to be written: another may begin. */
  over(hold: Hold): void {
    if (hold.live.hold !== hold || hold.isOver) return;
    hold.isOver = true;
    hold.worker.over++;
    this.#parts.matcher().serve(hold.worker);
  }

  /** The code could not be run: nothing more is taken from this hold. */
  failed(hold: Hold): void {
    hold.hasFailed = true;
  }

  /** A number that no hold of a worker here has, or will have. */
  draw(): Lease {
    return ++this.#lastLease;
  }

  /** The worker has fewer slots now: coroutines that wait leave, those that waited longest first. */
  shrink(worker: RegisteredWorker): void {
    for (const hold of worker.parked.values()) {
      if (worker.excessRuns === 0) return;
      this.end(hold);
    }
  }

  /** Matched: gives the worker the run. */
  assign(worker: RegisteredWorker, want: Want): void {
    const live = this.#parts.loader.find(want.stream);
    if (live instanceof LiveRun) return this.#hold(worker, live);
    worker.reserved++;
    void this.#load(worker, want);
  }

  /** Ends the hold and finds the run another holder, if it wants one. */
  end(hold: Hold): void {
    if (!this.#end(hold)) return;
    this.touch(hold.live);
    this.#parts.matcher().serve(hold.worker);
    this.#parts.emptied(hold.worker);
  }

  /** The same, for a holder that has lost the run itself and need not be told. */
  release(hold: Hold): void {
    hold.isGone = true;
    this.end(hold);
  }

  /** The run leaves memory, settled; if it waits for a worker, its entry in the matcher stays. */
  rest(live: LiveRun): void {
    const { hold } = live;
    if (hold === undefined || !this.#end(hold)) return;
    this.#parts.matcher().serve(hold.worker);
    this.#parts.emptied(hold.worker);
  }

  /** The run's memory is void: nobody may write to it any more. */
  drop(live: LiveRun, reason: PerdureError): void {
    // First of all: what follows gives workers room, and they look for runs at once.
    live.isVoid = true;
    this.rest(live);
    this.#unwant(live);
    this.#parts.calls().failAll(live, reason);
  }

  #isWanted(live: LiveRun): boolean {
    return needsHolder(live) && !this.#parts.isLeaving(live);
  }

  #want(live: LiveRun): void {
    const { spec } = live.run;
    if (live.want !== undefined || spec === undefined) return;
    const { stream } = live;
    const { namespace, queue, workflow, priority = 0 } = spec;
    const name = { namespace, queue, workflow, version: live.run.version };
    live.want = { stream, ...name, priority, fairnessKey: "", isWithdrawn: false };
    this.#parts.matcher().wantRun(live.want);
  }

  #unwant(live: LiveRun): void {
    const { want } = live;
    if (want === undefined) return;
    live.want = undefined;
    this.#parts.matcher().withdrawRun(want);
  }

  #hold(worker: RegisteredWorker, live: LiveRun): void {
    live.want = undefined;
    if (live.hold !== undefined || !this.#isWanted(live)) return;
    // It may have been pinned since it was matched.
    const { version } = live.run;
    const isOther = version !== undefined && version !== worker.options.version;
    if (isOther || !worker.hasRunRoom) return this.#want(live);
    if (!worker.hasFreeRunSlot) this.#makeRoom(worker);
    const hold = new Hold(this.draw(), worker, live);
    live.hold = hold;
    worker.holds.set(live.runId, hold);
    this.#begin(hold);
  }

  /**
   * Said with the first that the code does, and before it: a batch holds both. Of a run whose code has
   * done nothing yet, no version is the right one.
   */
  #pin(hold: Hold): void {
    const { live, worker } = hold;
    const { version, versioning } = worker.options;
    if (versioning !== "pin" || version === undefined) return;
    if (hold.isPinned || live.run.version !== undefined) return;
    hold.isPinned = true;
    const pin = { type: "run.pin", version, worker: worker.worker.id } as const;
    this.#parts.mail.post(live.stream, pin, hold);
  }

  /** As soon as everything the last holder did is durable (W7). */
  #begin(hold: Hold): void {
    const { live } = hold;
    if (live.durable < hold.since || hold.isReading) return;
    hold.missed = [];
    const { journal } = live;
    if (journal !== undefined) return this.#activate(hold, journal);
    hold.isReading = true;
    void this.#read(hold);
  }

  async #load(worker: RegisteredWorker, want: Want): Promise<void> {
    const { loader, env, matcher, emptied } = this.#parts;
    let live: Live | undefined;
    try {
      live = await loader.get(want.stream);
    } catch (error) {
      env.log("error", "a run could not be loaded for its worker", { stream: want.stream, error });
      const isLater = error instanceof PerdureError && error.retry === "later";
      if (isLater) env.after(RETRY_MS, () => matcher().wantRun(want));
    }
    worker.reserved--;
    if (live instanceof LiveRun) this.#hold(worker, live);
    matcher().serve(worker);
    emptied(worker);
  }

  #makeRoom(worker: RegisteredWorker): void {
    let count = worker.excessRuns + 1;
    for (const longest of worker.parked.values()) {
      if (count-- === 0) return;
      this.#end(longest);
    }
  }

  async #read(hold: Hold): Promise<void> {
    const { store, env, emptied } = this.#parts;
    const { live, worker } = hold;
    let read: RunEvent[];
    try {
      read = ((await readEvents(store, live.stream, 1)) ?? []) as RunEvent[];
    } catch (error) {
      env.log("error", "a journal could not be read; trying again", { run: live.runId, error });
      if (!this.#end(hold)) return;
      emptied(worker);
      env.after(RETRY_MS, () => this.touch(live));
      return;
    }
    if (live.hold !== hold) return;
    const known = read.filter(({ seq }) => seq <= live.durable);
    const last = known.at(-1)?.seq ?? 0;
    this.#activate(hold, [...known, ...hold.missed.filter(({ seq }) => seq > last)]);
  }

  #activate(hold: Hold, events: readonly RunEvent[]): void {
    const { live, lease, worker } = hold;
    const { spec, through } = live.run;
    invariant(spec && events.at(-1)?.seq === live.durable, `a torn journal of ${live.runId} (W1)`);
    hold.isActive = true;
    hold.missed = [];
    hold.delivered = live.durable;
    this.#parts.stats.activations++;
    const { runId, lostAt } = live;
    worker.lent?.yield(runId);
    worker.worker.activate({ runId, lease, spec, events, through, lostAt });
    this.#parts.calls().send(hold);
    this.#park(hold);
  }

  #park(hold: Hold): void {
    const { live, worker } = hold;
    const { run, calls } = live;
    hold.isAtRest = hold.isActive && hold.delivered === run.seq && run.through >= run.wakeSeq;
    const isParked =
      (hold.isAtRest || (hold.isActive && run.paused !== undefined)) && calls.length === 0;
    if (hold.isAtRest) {
      live.lostAt = 0;
      live.lostBy = undefined;
    }
    if (isParked === hold.isParked) return;
    hold.isParked = isParked;
    if (!isParked) {
      worker.parked.delete(live.runId);
      return;
    }
    worker.parked.set(live.runId, hold);
    if (worker.phase === "draining") this.end(hold);
    else if (worker.excessRuns > 0) this.end(hold);
    else if (!worker.hasFreeRunSlot) this.#parts.matcher().serve(worker);
  }

  /** What it was just told may let its code go on: it is not to be evicted as idle (W5). */
  #unpark(hold: Hold): void {
    const { live, worker } = hold;
    if (live.run.through >= live.run.wakeSeq) return;
    hold.isAtRest = false;
    hold.isParked = false;
    worker.parked.delete(live.runId);
  }

  #end(hold: Hold): boolean {
    const { live, worker } = hold;
    if (live.hold !== hold) return false;
    live.hold = undefined;
    worker.holds.delete(live.runId);
    worker.parked.delete(live.runId);
    if (hold.isOver) worker.over--;
    this.#parts.calls().takeBack(hold);
    if (!hold.isActive) return true;
    // The code may have been in the middle of something.
    const isUncertain = !hold.isAtRest && !hold.isIdle;
    if (isUncertain) live.lostAt = live.run.seq;
    if (isUncertain && worker.phase !== "open") {
      live.lostBy = { worker: worker.worker.id, at: this.#parts.env.now() };
    }
    if (worker.phase !== "gone" && !hold.isGone) worker.worker.evict(live.runId, hold.lease);
    return true;
  }
}

function isOfOtherVersion({ live, worker }: Hold): boolean {
  const { version } = live.run;
  return version !== undefined && version !== worker.options.version;
}

function needsHolder(live: LiveRun): boolean {
  if (live.isVoid) return false;
  return wantsActivation(live.run) || live.calls.some((call) => !call.isAccepted);
}
