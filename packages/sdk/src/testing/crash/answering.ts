/** What people and other systems would say to the runs of a scenario, when these wait for it. */
import type { Perdure } from "../../client/perdure.ts";
import { baseOf } from "../check/edits.ts";
import { testingLimits } from "../limits.ts";
import type { Answers, OpenWait } from "./options.ts";
import type { RunRecord } from "./scenario.ts";

interface Signal {
  readonly name: string;
  readonly payload?: unknown;
}

export class Answering {
  given = 0;
  readonly #answers: Answers | undefined;
  readonly #signals: readonly Signal[];
  readonly #isListener: (workflow: string, name: string) => boolean;
  readonly #answered = new Set<string>();
  #hasSignalled = false;

  constructor(
    answers: Answers | undefined,
    signals: readonly Signal[],
    isListener: (workflow: string, name: string) => boolean,
  ) {
    this.#answers = answers;
    this.#signals = signals;
    this.#isListener = isListener;
  }

  /** The process was killed: whoever has heard nothing says it again, under the same id. */
  forget(): void {
    this.#answered.clear();
    this.#hasSignalled = false;
  }

  /** True: something was said. */
  answer(perdure: Perdure, main: RunRecord, runs: readonly RunRecord[]): boolean {
    if (!this.#hasSignalled && this.#signals.length > 0) {
      this.#hasSignalled = true;
      const target = { runId: main.spec.runId };
      for (const [index, { name, payload }] of this.#signals.entries()) {
        said(perdure.signal(target, name, payload, { id: `crash-test-${index}` }));
      }
      return true;
    }
    return runs.some((run) => !run.state.outcome && this.#answerRun(perdure, run));
  }

  #answerRun(perdure: Perdure, { spec, state }: RunRecord): boolean {
    const { runId, workflow } = spec;
    for (const operation of state.operations.values()) {
      if (operation.type !== "wait") continue;
      const { key, on } = operation;
      // Whatever of these comes, comes of other runs.
      if (on.type === "keyPromise" || on.type === "run") continue;
      const id = `${runId}/${key}`;
      const name = on.type === "promise" ? baseOf(key) : on.name;
      if (this.#answered.has(id) || this.#isListener(workflow, name)) continue;
      const nth = Number(/#(\d+)$/.exec(key)?.[1] ?? 1);
      const value = this.#valueFor({ workflow, type: on.type, name, nth });
      if (value === undefined || this.given >= testingLimits.answers) continue;
      this.#answered.add(id);
      this.given += 1;
      const options = { id: `crash-test-${id}` };
      if (on.type === "signal") said(perdure.signal({ runId }, name, value, options));
      else if (on.type === "promise") said(perdure.resolvePromise(id, value));
      else said(perdure.publish(name, value, options));
      return true;
    }
    return false;
  }

  #valueFor(wait: OpenWait): unknown {
    const answers = this.#answers;
    if (typeof answers === "function") return answers(wait);
    return answers && Object.hasOwn(answers, wait.name) ? answers[wait.name] : undefined;
  }
}

/** Whether it was heard shows when everything is at rest again: a kill may come first. */
export function said(saying: Promise<void>): void {
  saying.catch(() => undefined);
}
