/** Where work of one name waits, and who has the code for it. */
import type { StreamId } from "@perdure/kernel";
import type { WorkerOptions } from "../worker.ts";
import type { FairQueue, Queued } from "./fair-queue.ts";
import type { RegisteredWorker } from "./registered-worker.ts";
import type { Offer } from "./tasks.ts";

/** A run that wants its code run. */
export interface Want extends Queued {
  readonly stream: StreamId;
  readonly namespace: string;
  readonly queue: string;
  readonly workflow: string;
  /** The run is pinned to it. */
  readonly version: string | undefined;
}

interface BucketOf<T extends Queued> {
  readonly namespace: string;
  readonly queue: string;
  readonly name: string;
  readonly version?: string | undefined;
  readonly items: FairQueue<T>;
  readonly workers: RegisteredWorker[];
  turn: number;
}

/** The work of one name on one queue of one namespace. */
export type Bucket =
  | ({ readonly kind: "workflow" } & BucketOf<Want>)
  | ({ readonly kind: "task" } & BucketOf<Offer>);

export interface Place<K extends Bucket["kind"] = Bucket["kind"]> {
  readonly kind: K;
  readonly namespace: string;
  readonly queue: string;
  readonly name: string;
  readonly version?: string | undefined;
}

export function placeOfRun({ namespace, queue, workflow, version }: Want): Place<"workflow"> {
  return { kind: "workflow", namespace, queue, name: workflow, version };
}

export function placeOfTask({ namespace, queue, task }: Offer): Place<"task"> {
  return { kind: "task", namespace, queue, name: task };
}

/** Lengths keep the parts apart, whatever is in them. */
export function nameOfPlace({ kind, namespace, queue, name, version }: Place): string {
  const pin = version === undefined ? "" : `${version.length}:${version}`;
  return `${kind}/${namespace.length}:${namespace}/${queue.length}:${queue}/${pin}/${name}`;
}

export function knows(
  options: WorkerOptions,
  { kind, namespace, queue, name, version }: Place,
): boolean {
  if (options.namespace !== namespace) return false;
  if (version !== undefined && options.version !== version) return false;
  // Of remote steps nothing is pinned.
  if (options.versioning === "pinned" && kind === "workflow" && version === undefined) return false;
  return options.queues.some((served) => {
    const names = kind === "workflow" ? served.workflows : served.tasks;
    return served.name === queue && (names.includes(name) || names.includes("*"));
  });
}

export function hasRoomFor(worker: RegisteredWorker, kind: Bucket["kind"], queue: string): boolean {
  return kind === "workflow" ? worker.hasRunRoom : worker.hasTaskRoomFor(queue);
}

/**
 * The next worker in turn with a free slot; for a run also one that can make room. What another
 * node lends is for what this node's own workers have no room for.
 */
export function roomy(bucket: Bucket): RegisteredWorker | undefined {
  const { workers, kind } = bucket;
  let second: RegisteredWorker | undefined;
  let borrowed: RegisteredWorker | undefined;
  for (let i = 0; i < workers.length; i++) {
    const worker = workers[(bucket.turn + i) % workers.length];
    if (worker === undefined) break;
    if (worker.isBorrowed) {
      if (borrowed === undefined && hasRoomFor(worker, kind, bucket.queue)) borrowed = worker;
      continue;
    }
    const isFree =
      kind === "workflow" ? worker.hasFreeRunSlot : worker.hasTaskRoomFor(bucket.queue);
    if (isFree) {
      bucket.turn = (bucket.turn + i + 1) % workers.length;
      return worker;
    }
    if (kind === "workflow" && worker.hasRunRoom) second ??= worker;
  }
  return second ?? borrowed;
}
