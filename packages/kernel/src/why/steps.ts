/** Why a step has not ended. */
import { FailureCode } from "../failure.ts";
import type { RunId } from "../ids.ts";
import type { StepOperation } from "../machines/run/state.ts";
import { duration } from "./duration.ts";
import type { Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";
import type { Telling } from "./telling.ts";
import { noWorker } from "./worker.ts";

export function explainStep(step: StepOperation, runId: RunId, telling: Telling): Waiting {
  const { key, phaseAt, attempt, lastFailure, failing } = step;
  const common = {
    key,
    since: phaseAt,
    attempt,
    ...(failing ? { failing } : {}),
    ...(lastFailure ? { lastFailure } : {}),
  };
  const show = cure("shows every attempt and its failure", "runs show", runId);
  switch (step.phase) {
    case "backoff": {
      const retryAt = step.retryAt ?? telling.now;
      return {
        ...common,
        on: "retry",
        since: failing?.firstAt ?? phaseAt,
        text: `retries the step "${key}", which ${failed(step)}; it is tried again in ${duration(retryAt - telling.now)}`,
        until: retryAt,
        cures: [
          cure("cure what makes the step fail: it goes on by itself"),
          show,
          cure("gives the run up: it takes back what it did, and closes", "runs cancel", runId),
        ],
      };
    }
    case "exhausted":
      return {
        ...common,
        on: "person",
        since: failing?.firstAt ?? phaseAt,
        text: `has no attempts left for the step "${key}", which ${failed(step)}`,
        cures: [
          cure("when what makes the step fail is cured: tries it again", "runs resume", runId),
          show,
        ],
      };
    case "running":
      return { ...common, on: "step", ...running(step, telling.now) };
    case "pending": {
      const { queue = "", task = "" } = step.spec ?? {};
      const { text, cures } = noWorker(telling.world, { kind: "task", name: task, queue, runId });
      const before = lastFailure ? ` (before, it ${failed(step)})` : "";
      return {
        ...common,
        on: "worker",
        text: `waits for a worker to take attempt ${attempt} of the step "${key}": ${text}${before}`,
        cures,
      };
    }
  }
}

/** `failed 37 times, the last 12 alike (http-503: upstream is down)`. */
function failed({ attempt, failing, lastFailure }: StepOperation): string {
  const count = failing?.count ?? attempt;
  const alike = failing?.alike ?? 1;
  const what = lastFailure ? ` (${lastFailure.code}: ${firstLine(lastFailure.message)})` : "";
  if (lastFailure?.code === FailureCode.workerLost && count === 1) {
    return `was cut off: ${firstLine(lastFailure.message)}`;
  }
  if (count === 1) return `failed once${what}`;
  if (alike >= count) return `failed ${count} times, always alike${what}`;
  if (alike === 1) return `failed ${count} times, the last time otherwise than before${what}`;
  return `failed ${count} times, the last ${alike} alike${what}`;
}

function running(step: StepOperation, now: number): Pick<Waiting, "text" | "holder" | "cures"> {
  const { key, attempt, worker, beatAt, spec, phaseAt } = step;
  const where = worker === undefined ? "in its activation" : `on the worker ${worker}`;
  const beat =
    beatAt === undefined || beatAt === phaseAt
      ? ""
      : ` (last heartbeat ${duration(now - beatAt)} ago)`;
  const { startToCloseMs, heartbeatMs } = spec?.timeouts ?? {};
  const bound = startToCloseMs ?? heartbeatMs;
  return {
    text: `runs attempt ${attempt} of the step "${key}" ${where}${beat}`,
    ...(worker === undefined ? {} : { holder: worker }),
    cures: [
      bound
        ? cure("wait: its timeout ends the attempt if nothing else does")
        : cure("look at that worker; nothing ends the attempt, for it has no timeout: give it one"),
    ],
  };
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
