/**
 * Pairs waiting work with workers that know it and have room. Soft state: a lost entry is put in
 * again by the run that wants it, and only the run decides whether a claim is valid.
 *
 * M1  Work waits only while no worker that knows it has room; so each new room is offered around.
 * M2  Work and workers of different namespaces never meet (T1).
 * M3  A taken item is out of the queues; whoever took it puts it back by wanting it again.
 * M4  A queue's concurrency and rate bound the attempts of its remote steps. Activations are free of
 *     both: a run must be able to answer its cancellation while the queue is throttled.
 */
import type { BusyWorker, Serving, Throttled } from "@perdure/kernel";
import type { Env } from "../env.ts";
import {
  hasRoomFor,
  knows,
  nameOfPlace,
  placeOfRun,
  placeOfTask,
  roomy,
  type Bucket,
  type Place,
  type Want,
} from "./bucket.ts";
import type { Demand } from "./demand.ts";
import { FairQueue } from "./fair-queue.ts";
import { LentStarts, type Start } from "./lent-starts.ts";
import { QueueRates } from "./queue-rates.ts";
import { queueStats, type QueueStats } from "./queue-stats.ts";
import type { RegisteredWorker } from "./registered-worker.ts";
import type { Offer } from "./tasks.ts";

export interface MatcherHooks {
  readonly assignRun: (worker: RegisteredWorker, want: Want) => void;
  readonly assignTask: (worker: RegisteredWorker, offer: Offer) => void;
}

/** The workers of other nodes, for an engine that has others. */
export interface Elsewhere {
  /** Something has to wait. */
  waits(): void;
  serves(place: Place): Serving;
  busy(namespace: string, queue: string, kind: Bucket["kind"]): readonly BusyWorker[];
  versions(namespace: string, queue: string): readonly string[];
}

export class Matcher {
  readonly #hooks: MatcherHooks;
  readonly #buckets = new Map<string, Bucket>();
  readonly #workers = new Set<RegisteredWorker>();
  /** Those that take any name. */
  readonly #wild = new Set<RegisteredWorker>();
  readonly #rates: QueueRates;
  readonly #starts: LentStarts;
  /** Workers that are told of what they are about to be given. */
  #foreseers = 0;
  #elsewhere: Elsewhere | undefined;

  constructor(env: Env, hooks: MatcherHooks) {
    this.#hooks = hooks;
    this.#rates = new QueueRates(env, (namespace, queue) => this.#serveQueue(namespace, queue));
    this.#starts = new LentStarts(this.#rates);
  }

  join(elsewhere: Elsewhere): void {
    this.#elsewhere = elsewhere;
  }

  /** Work that waits though no worker that is lent or registered here can be given any of it. */
  demand(): Demand[] {
    const found: Demand[] = [];
    for (const {
      kind,
      namespace,
      queue,
      name,
      version,
      items,
      workers,
    } of this.#buckets.values()) {
      if (items.size === 0) continue;
      if (workers.some((worker) => hasRoomFor(worker, kind, queue))) continue;
      const pin = version === undefined ? {} : { version };
      found.push({ kind, namespace, queue, name, ...pin, count: items.size });
    }
    return found;
  }

  /** Workers that have the code, whether they have room or not. */
  knowing(place: Place): readonly RegisteredWorker[] {
    const { version, ...anyVersion } = place;
    if (version !== undefined) {
      // Who serves only what is pinned knows no name without its version.
      return [...this.#workers].filter((one) => knows(one.options, place));
    }
    // Each name that a worker gives has a bucket; whoever takes any name is asked.
    const bucket = this.#buckets.get(nameOfPlace(anyVersion));
    return bucket?.workers ?? [...this.#wild].filter((one) => knows(one.options, place));
  }

  /** Starts a step of another node on a worker of this one, when the queue's rate lets it. */
  startLent(namespace: string, queue: string, start: Start): void {
    this.#starts.add(namespace, queue, start);
  }

  get hasForeseers(): boolean {
    return this.#foreseers > 0;
  }

  get hasWaiting(): boolean {
    for (const { items } of this.#buckets.values()) if (items.size > 0) return true;
    return false;
  }

  waiting(kind: Bucket["kind"]): number {
    let sum = 0;
    for (const bucket of this.#buckets.values()) if (bucket.kind === kind) sum += bucket.items.size;
    return sum;
  }

  queueStats(): readonly QueueStats[] {
    return queueStats(this.#buckets.values(), this.#workers);
  }

  /** Does the queue's rate or concurrency keep its steps from workers that have a slot? */
  throttled(namespace: string, queue: string, task: string): Throttled | undefined {
    const place = { kind: "task", namespace, queue, name: task } as const;
    const workers = [...this.#workers].filter(
      (worker) => worker.hasTaskRoom && knows(worker.options, place),
    );
    if (workers.length === 0) return undefined;
    if (!workers.some((worker) => worker.hasTaskRoomFor(queue))) {
      const most = workers.reduce((sum, worker) => sum + worker.concurrencyOf(queue), 0);
      return { by: "concurrency", most, workers: workers.length };
    }
    const rate = this.#rates.of(namespace, queue);
    if (rate === undefined || rate.waitMs === 0) return undefined;
    return { by: "rate", perSecond: rate.perSecond, nextMs: rate.waitMs };
  }

  serves(
    namespace: string,
    queue: string,
    name: string,
    kind: Bucket["kind"],
    version?: string,
  ): Serving {
    const place = { namespace, queue, name, kind, version };
    const elsewhere = this.#elsewhere?.serves(place) ?? "nobody";
    return elsewhere === "yes" ? elsewhere : this.#serves(place, this.#workers, elsewhere);
  }

  /** By workers that are registered here. */
  servesHere(place: Place): Serving {
    const { version, ...anyVersion } = place;
    const isHere = ({ phase, isBorrowed }: RegisteredWorker): boolean =>
      phase === "open" && !isBorrowed;
    if (this.knowing(place).some(isHere)) return "yes";
    if (version !== undefined && this.knowing(anyVersion).some(isHere)) return "other-version";
    const { namespace, queue } = place;
    for (const worker of this.#workers) {
      if (worker.options.namespace !== namespace || !isHere(worker)) continue;
      if (worker.options.queues.some(({ name }) => name === queue)) return "unknown-name";
    }
    return "nobody";
  }

  #serves(place: Place, workers: Iterable<RegisteredWorker>, least: Serving = "nobody"): Serving {
    const { version: _, ...anyVersion } = place;
    let answer = least;
    for (const { options, phase } of workers) {
      if (phase !== "open" || options.namespace !== place.namespace) continue;
      if (!options.queues.some((served) => served.name === place.queue)) continue;
      if (knows(options, place)) return "yes";
      if (knows(options, anyVersion)) answer = "other-version";
      else if (answer === "nobody") answer = "unknown-name";
    }
    return answer;
  }

  /** Workers of other nodes that have the code for something that waits here, and no room. */
  busyElsewhere(namespace: string, queue: string, kind: Bucket["kind"]): readonly BusyWorker[] {
    return this.#elsewhere?.busy(namespace, queue, kind) ?? [];
  }

  /** Queues that somebody serves, by name. */
  queues(namespace: string): string[] {
    const names = new Set<string>();
    for (const { options } of this.#workers) {
      if (options.namespace !== namespace) continue;
      for (const { name } of options.queues) names.add(name);
    }
    return [...names].toSorted();
  }

  /** Versions of the queue's workers. */
  versions(namespace: string, queue: string): string[] {
    const elsewhere = this.#elsewhere?.versions(namespace, queue) ?? [];
    return [...new Set([...this.versionsHere(namespace, queue), ...elsewhere])].toSorted();
  }

  versionsHere(namespace: string, queue: string): string[] {
    const found = new Set<string>();
    for (const { options, phase } of this.#workers) {
      if (phase !== "open" || options.namespace !== namespace) continue;
      if (options.version === undefined) continue;
      if (options.queues.some(({ name }) => name === queue)) found.add(options.version);
    }
    return [...found].toSorted();
  }

  add(worker: RegisteredWorker): void {
    this.#workers.add(worker);
    if (worker.worker.foresee !== undefined) this.#foreseers++;
    const { namespace, queues } = worker.options;
    for (const served of queues) {
      const { name: queue, workflows, tasks } = served;
      if (workflows.includes("*") || tasks.includes("*")) this.#wild.add(worker);
      this.#rates.join(namespace, served);
      for (const name of workflows) this.#bucket({ kind: "workflow", namespace, queue, name });
      for (const name of tasks) this.#bucket({ kind: "task", namespace, queue, name });
    }
    for (const bucket of this.#buckets.values()) this.#introduce(worker, bucket);
    this.serve(worker);
  }

  remove(worker: RegisteredWorker): void {
    if (!this.#workers.delete(worker)) return;
    if (worker.worker.foresee !== undefined) this.#foreseers--;
    this.#wild.delete(worker);
    const { namespace, queues } = worker.options;
    for (const served of queues) this.#rates.leave(namespace, served);
    for (const bucket of worker.buckets.splice(0)) {
      bucket.workers.splice(bucket.workers.indexOf(worker), 1);
      if (bucket.workers.length + bucket.items.size === 0)
        this.#buckets.delete(nameOfPlace(bucket));
    }
  }

  /** The worker that a run of this name would be given now, where there is only one to choose from. */
  onlyFor(place: Place<"workflow">): RegisteredWorker | undefined {
    const bucket = this.#buckets.get(nameOfPlace(place));
    if (bucket === undefined || bucket.items.size > 0) return undefined;
    const [worker, ...others] = bucket.workers.filter(({ isBorrowed }) => !isBorrowed);
    return others.length === 0 && worker?.hasFreeRunSlot ? worker : undefined;
  }

  wantRun(want: Want): void {
    const bucket = this.#bucket(placeOfRun(want));
    const worker = roomy(bucket);
    if (worker) return this.#hooks.assignRun(worker, want);
    bucket.items.push(want);
    this.#elsewhere?.waits();
  }

  offerTask(offer: Offer): void {
    const bucket = this.#bucket(placeOfTask(offer));
    // What waits for a token or for a worker's concurrency is first.
    const worker = bucket.items.size > 0 ? undefined : roomy(bucket);
    if (worker && this.#admits(bucket)) return this.#assignTask(worker, offer);
    bucket.items.push(offer);
    this.#elsewhere?.waits();
  }

  withdrawRun(want: Want): void {
    this.#bucket(placeOfRun(want)).items.withdraw(want);
  }

  withdrawTask(offer: Offer): void {
    this.#bucket(placeOfTask(offer)).items.withdraw(offer);
  }

  /** The worker has room: gives it what waits, higher priorities first, and each name in turn. */
  serve(worker: RegisteredWorker): void {
    while (worker.hasRunRoom || worker.hasTaskRoom) {
      const bucket = this.#nextBucket(worker);
      if (bucket === undefined) return;
      if (bucket.kind === "workflow") {
        const want = bucket.items.take();
        if (want) this.#hooks.assignRun(worker, want);
      } else {
        const offer = bucket.items.take();
        if (offer) this.#assignTask(worker, offer);
      }
    }
  }

  /** There is a token: the worker whose turn it is gets what waits, then the next. */
  #serveQueue(namespace: string, queue: string): void {
    this.#starts.serve(namespace, queue);
    // A copy: whoever gets something moves to the end meanwhile.
    const inTurn = [...this.#workers];
    for (const worker of inTurn) {
      const { options } = worker;
      if (options.namespace !== namespace || !worker.hasTaskRoomFor(queue)) continue;
      if (!options.queues.some(({ name }) => name === queue)) continue;
      if (this.#rates.of(namespace, queue)?.waitMs) return;
      const before = worker.tasks.size;
      this.serve(worker);
      if (worker.tasks.size === before) continue;
      // To the end: the others have their turn first.
      if (this.#workers.delete(worker)) this.#workers.add(worker);
    }
  }

  #assignTask(worker: RegisteredWorker, offer: Offer): void {
    this.#rates.of(offer.namespace, offer.queue)?.take();
    this.#hooks.assignTask(worker, offer);
  }

  #admits({ namespace, queue }: Bucket): boolean {
    return this.#rates.of(namespace, queue)?.admits() ?? true;
  }

  #nextBucket(worker: RegisteredWorker): Bucket | undefined {
    let best: Bucket | undefined;
    let bestOfQueue = -Infinity;
    let bestOfItem = -Infinity;
    for (const bucket of worker.buckets) {
      const { kind, queue } = bucket;
      const ofItem = bucket.items.priority;
      if (ofItem === undefined) continue;
      const ofQueue = worker.priorityOf(queue);
      if (ofQueue < bestOfQueue || (ofQueue === bestOfQueue && ofItem <= bestOfItem)) continue;
      if (!hasRoomFor(worker, kind, queue) || (kind === "task" && !this.#admits(bucket))) continue;
      best = bucket;
      bestOfQueue = ofQueue;
      bestOfItem = ofItem;
    }
    if (best !== undefined && worker.buckets.at(-1) !== best) {
      worker.buckets.splice(worker.buckets.indexOf(best), 1);
      worker.buckets.push(best);
    }
    return best;
  }

  #bucket<K extends Bucket["kind"]>(place: Place<K>): Extract<Bucket, { kind: K }> {
    const id = nameOfPlace(place);
    let bucket = this.#buckets.get(id);
    if (bucket === undefined) {
      bucket = { ...place, items: new FairQueue<never>(), workers: [], turn: 0 } as Bucket;
      this.#buckets.set(id, bucket);
      for (const worker of this.#workers) this.#introduce(worker, bucket);
    }
    return bucket as Extract<Bucket, { kind: K }>;
  }

  #introduce(worker: RegisteredWorker, bucket: Bucket): void {
    if (worker.buckets.includes(bucket)) return;
    if (!knows(worker.options, bucket)) return;
    worker.buckets.push(bucket);
    bucket.workers.push(worker);
  }
}
