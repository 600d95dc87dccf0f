import type { Workload, WorkloadKind } from "../workload.ts";
import type { Row } from "./summary.ts";

export const titleOf: Readonly<Record<WorkloadKind, string>> = {
  steps: "Five local steps in a row",
  "no-steps": "Runs without a step: start and result",
  "fan-out": "A parent with children",
  increments: "Increments under a key",
  signals: "From a signal to the step that it resumes",
  "remote-steps": "Five steps in a row through a queue",
  jobs: "Small jobs: enqueued in bulk, then drained",
  growth: "Beside sleeping runs",
  "long-run": "One long run",
  "step-runs": "Runs of five steps, as their callers see them",
};

/** One operation. */
export const unitOf: Readonly<Record<WorkloadKind, string>> = {
  steps: "steps",
  "no-steps": "runs",
  "fan-out": "children",
  increments: "increments",
  signals: "signals",
  "remote-steps": "remote steps",
  jobs: "jobs",
  growth: "operations",
  "long-run": "steps",
  "step-runs": "runs",
};

export function groupOf({ variant, phase }: Pick<Row, "variant" | "phase">): string {
  const sizes = sizesOf(variant.workload);
  return phase === "run" ? sizes : `${sizes}: ${phase}`;
}

function sizesOf(workload: Workload): string {
  switch (workload.kind) {
    case "steps":
    case "no-steps":
    case "signals":
    case "remote-steps":
    case "step-runs":
      return `${count(workload.inFlight)} in flight`;
    case "fan-out":
      return `${count(workload.inFlight)} parents in flight, ${count(workload.children)} children each`;
    case "increments":
      return `${count(workload.keys)} ${workload.keys === 1 ? "key" : "keys"}, ${count(workload.inFlight)} in flight`;
    case "jobs":
      return `${count(workload.jobs)} jobs, ${count(workload.concurrency)} at a time`;
    case "growth":
      return `${count(workload.sleeping)} asleep`;
    case "long-run":
      return `${count(workload.steps)} steps`;
  }
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}
