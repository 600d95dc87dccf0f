/** Why a step has not ended. */
import type { StepOperation } from "../machines/run/state.ts";
import { duration } from "./duration.ts";
import type { Surroundings, Waiting } from "./explanation.ts";

export function explainStep(step: StepOperation, world: Surroundings, now: number): Waiting {
  const { key, phaseAt, attempt, lastFailure } = step;
  const common = { key, since: phaseAt, attempt, ...(lastFailure ? { lastFailure } : {}) };
  const failed = lastFailure ? `: ${lastFailure.code}: ${lastFailure.message}` : "";
  switch (step.phase) {
    case "backoff": {
      const retryAt = step.retryAt ?? now;
      return {
        ...common,
        on: "retry",
        text: `the step "${key}" failed ${attempt} time${attempt === 1 ? "" : "s"}${failed}; it is tried again in ${duration(retryAt - now)}`,
        until: retryAt,
        cures: ["cure what makes the step fail; it goes on by itself"],
      };
    }
    case "exhausted":
      return {
        ...common,
        on: "person",
        text: `the step "${key}" has no attempts left after ${attempt}${failed}`,
        cures: ["cure what makes the step fail, then: perdure runs resume <run>"],
      };
    case "running":
      return {
        ...common,
        on: "step",
        text: `attempt ${attempt} of the step "${key}" runs ${step.worker === undefined ? "in its activation" : `on ${step.worker}`} since ${duration(now - phaseAt)}`,
        ...(step.worker === undefined ? {} : { holder: step.worker }),
        cures: step.spec?.timeouts.startToCloseMs
          ? ["wait; its start-to-close timeout bounds it"]
          : ["wait, or give the step a start-to-close or heartbeat timeout"],
      };
    case "pending":
      return { ...common, ...pending(step, world) };
  }
}

function pending(step: StepOperation, world: Surroundings): Pick<Waiting, "on" | "text" | "cures"> {
  const { queue = "", task = "" } = step.spec ?? {};
  const where = {
    yes: {
      text: `every worker of queue "${queue}" is busy`,
      cures: ["add workers or raise their slots"],
    },
    "unknown-name": {
      text: `no worker of queue "${queue}" has code for the task "${task}"`,
      cures: [`start a worker that registers the task "${task}"`],
    },
    nobody: {
      text: `no worker serves the queue "${queue}"`,
      cures: [`start a worker for the queue "${queue}"`],
    },
  }[world.serves(queue, task, "task")];
  return { on: "worker", text: `the step "${step.key}" waits: ${where.text}`, cures: where.cures };
}
