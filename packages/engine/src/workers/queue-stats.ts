/** What waits on which queue, and who serves it: for metrics, so no longer than a limit. */
import { limits } from "@perdure/kernel";
import type { Bucket } from "./bucket.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

export interface QueueStats {
  /** Empty, with the queue `other`: the sum of all that are not listed. */
  readonly namespace: string;
  readonly queue: string;
  readonly kind: Bucket["kind"];
  readonly waiting: number;
  readonly workers: number;
}

type Counted = { -readonly [Field in keyof QueueStats]: QueueStats[Field] };

/** Those with the most work waiting first. */
export function queueStats(
  buckets: Iterable<Bucket>,
  workers: Iterable<RegisteredWorker>,
): readonly QueueStats[] {
  const found = new Map<string, Counted>();
  const of = (namespace: string, queue: string, kind: Bucket["kind"]): Counted => {
    const id = `${kind}/${namespace.length}:${namespace}/${queue}`;
    const counted = found.get(id) ?? { namespace, queue, kind, waiting: 0, workers: 0 };
    found.set(id, counted);
    return counted;
  };
  for (const { namespace, queue, kind, items } of buckets) {
    of(namespace, queue, kind).waiting += items.size;
  }
  for (const { options, phase, isBorrowed } of workers) {
    // A worker counts at its own node.
    if (phase !== "open" || isBorrowed) continue;
    for (const { name, workflows, tasks } of options.queues) {
      if (workflows.length > 0) of(options.namespace, name, "workflow").workers++;
      if (tasks.length > 0) of(options.namespace, name, "task").workers++;
    }
  }
  const all = [...found.values()].toSorted((a, b) => b.waiting - a.waiting);
  const rest = all.splice(limits.queueStats);
  for (const kind of ["workflow", "task"] as const) {
    const others = rest.filter((one) => one.kind === kind);
    if (others.length === 0) continue;
    const waiting = others.reduce((sum, one) => sum + one.waiting, 0);
    const served = others.reduce((sum, one) => sum + one.workers, 0);
    all.push({ namespace: "", queue: "other", kind, waiting, workers: served });
  }
  return all;
}
