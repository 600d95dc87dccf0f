/**
 * (h) An engine with many sleeping runs. It is opened without `open`, because only so can it be told
 * how soon a stream that rests goes cold.
 */
import { setTimeout } from "node:timers/promises";
import { createCalendar, Engine, systemEnv, type StartRequest } from "@perdure/engine";
import { SqliteStore } from "@perdure/store-sqlite";
import { InProcessWorker, Registry } from "perdure/worker";
import type { Budget, Figures, Prepared } from "../contender.ts";
import { doAll, keepBusy } from "../lanes.ts";
import { Latencies } from "../latency.ts";
import { code, five, nothing, probe, sleeper, stepsPerRun } from "./definitions.ts";
import { storeFile } from "./files.ts";
import { figures, figuresOf } from "./load.ts";

const inFlight = 64;
const startsOfCall = 1_000;
const callsInFlight = 4;
const idleMs = 2_000;
/** Live streams that count as none: the engine's own, and what the last phase has left. */
const fewStreams = 100;

export class Growth implements Prepared {
  readonly #engine: Engine;
  readonly #sleeping: number;
  readonly #latencies = new Latencies();

  private constructor(engine: Engine, sleeping: number) {
    this.#engine = engine;
    this.#sleeping = sleeping;
  }

  static async open(folder: string, sleeping: number): Promise<Growth> {
    const env = systemEnv();
    const store = await SqliteStore.open(storeFile(folder));
    const engine = await Engine.open({
      store,
      env,
      calendar: createCalendar(),
      tuning: { idleMs },
    });
    const log: typeof env.log = (...line) => env.log(...line);
    const registry = new Registry(code);
    const worker = new InProcessWorker({ id: "growth", registry, env, log });
    const slots = { taskSlots: 100, runSlots: 10_000 };
    const served = { namespace: "default", queues: registry.queues(), leaseMs: 0, ...slots };
    worker.connect(engine.register(worker, served));
    return new Growth(engine, sleeping);
  }

  async run(phase: string, budget: Budget): Promise<Figures> {
    switch (phase) {
      case "fill":
        return this.#fill();
      case "start":
      case "recover":
        return this.#timed(budget, 1, async () => {
          const begin = performance.now();
          await this.#runToEnd(nothing.name);
          this.#latencies.add(performance.now() - begin);
        });
      case "steps": {
        await probe.take();
        const measured = await this.#timed(budget, stepsPerRun, () => this.#runToEnd(five.name));
        const latency = await probe.take();
        return latency === undefined ? measured : { ...measured, latency };
      }
      default:
        throw new Error(`growth has no phase "${phase}"`);
    }
  }

  /** Resolves when everything that rests is settled. */
  async cold(): Promise<void> {
    while (this.#engine.stats().liveStreams > fewStreams) await setTimeout(100);
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  async #fill(): Promise<Figures> {
    const begin = performance.now();
    const before = probe.asleep;
    const calls = Math.ceil(this.#sleeping / startsOfCall);
    await doAll(callsInFlight, calls, (call) => {
      return this.#startMany(Math.min(startsOfCall, this.#sleeping - call * startsOfCall));
    });
    const isResting = (): boolean => {
      const { queued, commitsInFlight, runsWaiting } = this.#engine.stats();
      return queued + commitsInFlight + runsWaiting === 0;
    };
    while (probe.asleep - before < this.#sleeping || !isResting()) await setTimeout(5);
    return figures(this.#sleeping, performance.now() - begin, undefined);
  }

  async #timed(budget: Budget, each: number, work: () => Promise<void>): Promise<Figures> {
    // One run, when there is no time: the first after a recovery.
    const load = budget.seconds === 0 ? doAll(1, 1, work) : keepBusy(inFlight, budget, work);
    return figuresOf(await load, each, this.#latencies.take());
  }

  async #startMany(count: number): Promise<void> {
    const { namespace, ...item } = request(sleeper.name);
    const items = Array.from({ length: count }, () => item);
    for (const started of await this.#engine.startMany(namespace, items)) {
      if ("error" in started) throw new Error(started.error.message);
    }
  }

  async #runToEnd(workflow: string): Promise<void> {
    const { runId } = await this.#engine.start(request(workflow));
    const { status } = await this.#engine.outcome(runId);
    if (status !== "completed") throw new Error(`a run ended as ${status}`);
  }
}

const noInput = { encoding: "json", data: new Uint8Array() };

function request(workflow: string): Omit<StartRequest, "key"> {
  return { namespace: "default", workflow, queue: "default", input: noInput };
}
