/**
 * Spreads pieces of work over processes.
 *
 * 1. Which process does a piece changes nothing of its answer: it is a function of what is asked.
 * 2. Pieces are begun in their order. Where one fails, or the process that has it dies, the whole
 *    fails: nothing is left out in silence.
 */
import { availableParallelism } from "node:os";
import { Job } from "./job.ts";
import { work, type Kind, type Pieces } from "./pieces.ts";

export interface Shared<K extends Kind> {
  readonly kind: K;
  /** Asked for one at a time, when somebody is free for it. */
  readonly pieces: Iterable<Pieces[K]["asked"]>;
  /** Processes; with a single one all is done in this one. */
  readonly jobs: number;
  /** In the order in which they come. */
  readonly onAnswer: (answer: Pieces[K]["answer"], asked: Pieces[K]["asked"]) => void;
}

/** As many as can run at once and have something to do. */
export function jobsFor(pieces: number, jobs: number | undefined): number {
  return Math.max(1, Math.min(pieces, jobs ?? availableParallelism()));
}

/** Resolves to the CPU time of all processes, in ms. */
export async function share<K extends Kind>(shared: Shared<K>): Promise<number> {
  const { kind, jobs } = shared;
  const queue = shared.pieces[Symbol.iterator]();
  const before = process.cpuUsage();
  let cpuMs = 0;
  if (jobs === 1) {
    await workOff(shared, queue, (asked) => work(kind, asked));
  } else {
    const crew = Array.from({ length: jobs }, () => new Job());
    try {
      await Promise.all(
        crew.map((job) => workOff(shared, queue, (asked) => job.work(kind, asked))),
      );
    } finally {
      for (const job of crew) job.end();
    }
    cpuMs = crew.reduce((sum, job) => sum + job.cpuMs, 0);
  }
  const { user, system } = process.cpuUsage(before);
  return cpuMs + (user + system) / 1_000;
}

async function workOff<K extends Kind>(
  { onAnswer }: Shared<K>,
  queue: Iterator<Pieces[K]["asked"]>,
  does: (asked: Pieces[K]["asked"]) => Promise<Pieces[K]["answer"]>,
): Promise<void> {
  for (;;) {
    const next = queue.next();
    if (next.done === true) return;
    onAnswer(await does(next.value), next.value);
  }
}
