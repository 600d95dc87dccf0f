/**
 * What is measured. Each kind says exactly what one operation is and what its latency spans, so
 * that every contender does the same work; inputs and results are small (a number or nothing).
 */
export type Workload =
  /**
   * (a) Runs of five local steps in a row, each begun only when the one before is durable;
   * `inFlight` runs at a time, a new one for each that ended. Operation: a step. Latency: from the
   * start of one step's function to the start of the next one's in the same run.
   */
  | { readonly kind: "steps"; readonly inFlight: number }
  /**
   * (b) Runs without a step: start, and await the result. Operation: a run. Latency: the same span.
   */
  | { readonly kind: "no-steps"; readonly inFlight: number }
  /**
   * (c) A parent that starts `children` runs without a step, all at once, and awaits all their
   * results. Operation: a child. Latency: from the parent's start to its result.
   */
  | { readonly kind: "fan-out"; readonly children: number; readonly inFlight: number }
  /**
   * (d) Increments of a durable counter under a key, exclusive by key, dealt round robin to `keys`
   * keys; the answer (the new value) is awaited. At the end each key's value must equal the
   * increments it got. Operation: an increment. Latency: from the request to the answer.
   */
  | { readonly kind: "increments"; readonly keys: number; readonly inFlight: number }
  /**
   * (e) A run that waits for a signal; when it is known to wait it is sent one, and then runs one
   * local step and ends; `inFlight` such runs at a time. Operation: a signal. Latency: from
   * the sending of the signal to the start of the step's function.
   */
  | { readonly kind: "signals"; readonly inFlight: number }
  /**
   * (f) As (a), but each step is a task on a queue, taken by whichever worker is free. Operation: a
   * step. Latency: from one task's start to the next one's in the same run.
   */
  | { readonly kind: "remote-steps"; readonly inFlight: number }
  /**
   * (g) Phase `enqueue`: `jobs` small jobs (an input of one number, no result) are enqueued by
   * whatever bulk call there is, and are durable. Phase `drain`: a worker does all of them,
   * `concurrency` at a time. Nothing is done before `drain`, where that can be had; a contender
   * that cannot hold its jobs back says so in `settings`. Operation: a job.
   */
  | { readonly kind: "jobs"; readonly jobs: number; readonly concurrency: number }
  /**
   * (h) `sleeping` runs asleep for days. Phase `fill`: they are started and reach their sleep.
   * Phase `start`: as (b) with 64 in flight. Phase `steps`: as (a) with 64 in flight. Then memory is
   * read, all processes are killed with SIGKILL, and the folder is opened again by another process,
   * where phase `recover` is one run as in (b).
   */
  | { readonly kind: "growth"; readonly sleeping: number }
  /**
   * (i) One run of `steps` local steps in a row. Phases `first`: its first 1,000 steps (a
   * hundredth of them, when that is less); `middle`; `last`: as many as `first`. Operation: a step.
   * Latency: as (a).
   */
  | { readonly kind: "long-run"; readonly steps: number }
  /**
   * (j) Runs as in (a), seen by whoever calls them. Operation: a run of five steps. Latency: from
   * its start to its result.
   */
  | { readonly kind: "step-runs"; readonly inFlight: number };

export type WorkloadKind = Workload["kind"];

export type WorkloadOf<Kind extends WorkloadKind> = Extract<Workload, { readonly kind: Kind }>;

/** The phases of a workload, in the order in which they are run. */
export const phasesOf: Readonly<Record<WorkloadKind, readonly string[]>> = {
  steps: ["run"],
  "no-steps": ["run"],
  "fan-out": ["run"],
  increments: ["run"],
  signals: ["run"],
  "remote-steps": ["run"],
  jobs: ["enqueue", "drain"],
  growth: ["fill", "start", "steps"],
  "long-run": ["first", "middle", "last"],
  "step-runs": ["run"],
};
