/** People who interfere: they cancel, terminate, pause, resume and fork. */
import type { RunId } from "@perdure/kernel";
import type { ShadowRun } from "../checks/shadow.ts";
import type { Deed, Visit } from "./visit.ts";

export class Operators {
  readonly #visit: Visit;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  readonly cancel: Deed = async (prng) => {
    const run = this.#visit.openMain(prng);
    if (run === undefined) return;
    this.#visit.record.cancelled.add(run.runId);
    this.#mark("cancel");
    await this.#visit.ask((client) => client.cancel({ runId: run.runId }, "the simulator says so"));
    const state = this.#visit.parts.shadow.run(run.runId)?.state;
    if (state?.outcome !== undefined || state?.cancelRequestedAt !== undefined) return;
    this.#visit.report("1", `a cancel of ${run.runId} was acknowledged too early`);
  };

  readonly terminate: Deed = async (prng) => {
    const run = this.#visit.pick(prng, ({ state }) => !state.outcome);
    if (run === undefined) return;
    this.#visit.record.terminated.add(run.runId);
    this.#mark("terminate");
    await this.#visit.ask((client) => client.terminate(run.runId, "the simulator says so"));
    if (this.#visit.parts.shadow.run(run.runId)?.state.outcome !== undefined) return;
    this.#visit.report("1", `the end of ${run.runId} was acknowledged too early`);
  };

  readonly pause: Deed = async (prng) => {
    const run = this.#visit.openMain(prng);
    if (run === undefined) return;
    this.#mark("pause");
    await this.#visit.ask((client) => client.pause(run.runId));
  };

  readonly resume: Deed = async (prng) => {
    const isPaused = ({ state }: ShadowRun): boolean =>
      !state.outcome && state.paused !== undefined;
    const run = this.#visit.pick(prng, isPaused);
    if (run === undefined) return;
    await this.#visit.ask((client) => client.resume(run.runId));
  };

  readonly fork: Deed = async (prng) => {
    const isWanted = ({ state }: ShadowRun): boolean =>
      state.spec?.workflow === "main" && state.seq > 2;
    const run = this.#visit.pick(prng, isWanted);
    if (run === undefined) return;
    const last = run.events.length - (run.state.outcome ? 1 : 0);
    const at = prng.between(1, last);
    this.#mark("fork");
    const { runId } = await this.#visit.ask((client) => client.fork({ runId: run.runId, at }));
    this.#checkFork(run.runId, runId, at);
  };

  #checkFork(from: RunId, runId: RunId, at: number): void {
    const { shadow } = this.#visit.parts;
    this.#visit.record.forks.add(runId);
    const fork = shadow.run(runId);
    if (fork === undefined) {
      this.#visit.report("1", `the fork ${runId} was acknowledged too early`);
    } else if (prefix(fork, at) !== prefix(shadow.run(from), at)) {
      this.#visit.report("2", `the fork ${runId} does not begin with the prefix of ${from}`);
    }
  }

  #mark(fault: string): void {
    this.#visit.parts.marks.hit(`fault: ${fault}`);
  }
}

function prefix(run: ShadowRun | undefined, length: number): string {
  const events = (run?.events ?? []).slice(0, length);
  return events.map((event) => `${event.seq} ${event.at} ${event.kind}`).join("\n");
}
