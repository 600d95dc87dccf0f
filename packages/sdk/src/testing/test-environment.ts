/**
 * Perdure for tests: the real engine over a store in memory, in virtual time.
 *
 * Time passes by itself only while a test waits for a run's end and nothing else is going on: then
 * it goes to the next alarm of any run. So a test may send its signals first, however long the
 * workflow would wait for them.
 */
import type { Engine, EngineClient } from "@perdure/engine";
import { MemoryStore, type Store } from "@perdure/store";
import type { Perdure } from "../client/perdure.ts";
import type { LogSink } from "../ctx/log.ts";
import { durationMs, momentMs, type Duration } from "../duration.ts";
import type { OpenOptions } from "../open-options.ts";
import { openParts } from "../open.ts";
import type { StepFunction } from "../runtime/world.ts";
import { VirtualEnv } from "./virtual-env.ts";

export interface TestOptions extends Pick<
  OpenOptions,
  "workflows" | "tasks" | "objects" | "namespace" | "guard" | "tracer" | "worker"
> {
  /** Default: an empty one in memory. Another environment's store shows what a restart does. */
  readonly store?: Store;
  /**
   * Functions in place of those of steps, by the step's name or `<workflow>.<step>`.
   *
   * ```ts
   * steps: { charge: () => ({ id: "ch_1" }), "returns.mail": vi.fn() }
   * ```
   */
  readonly steps?: Readonly<Record<string, StepFunction>>;
  /** Default: 2030-01-01. */
  readonly startAt?: Date | number;
  /** Default: nothing is logged. */
  readonly log?: LogSink;
  /** `false`: time passes by `advance` only. */
  readonly autoSkip?: boolean;
}

export interface TestEnvironment extends AsyncDisposable {
  readonly perdure: Perdure;
  /** The virtual time, ms since epoch. */
  readonly now: number;
  /** Lets time pass, with everything that is due on the way. */
  advance(duration: Duration): Promise<void>;
  /** Until nothing goes on any more but waiting. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const START = Date.UTC(2030, 0, 1);
/** Rounds of the event loop without any activity that count as rest. */
const CALM_ROUNDS = 25;

/**
 * Opens an environment.
 *
 * ```ts
 * await using env = await testEnvironment({ workflows: [returns], steps: { refund: () => "ok" } });
 * const run = await env.perdure.start(returns, { input });
 * await run.signal("approval", { ok: true });
 * expect(await run.result()).toEqual({ … });      // three days of waiting take a millisecond
 * ```
 */
export async function testEnvironment(options: TestOptions): Promise<TestEnvironment> {
  return (await testParts(options)).environment;
}

export interface TestParts {
  readonly environment: TestEnvironment;
  readonly engine: Engine;
}

/** `testEnvironment`, with what our own tests look at. */
export async function testParts(options: TestOptions): Promise<TestParts> {
  const { steps = {}, autoSkip = true, log = () => undefined, startAt = START, ...rest } = options;
  const env = new VirtualEnv(momentMs(startAt), log);
  const clock = new Clock(env);
  const stepFor = (workflow: string, name: string, fn: StepFunction) =>
    clock.counted(steps[`${workflow}.${name}`] ?? steps[name] ?? fn);
  const client = (engine: EngineClient): EngineClient =>
    autoSkip ? { ...engine, outcome: (runId) => clock.skipWhile(engine.outcome(runId)) } : engine;
  const store = options.store ?? new MemoryStore();
  const opening = openParts({ ...rest, store, env, log }, { stepFor, client });
  const { perdure, engine, worker } = await clock.during(opening);
  clock.watch({
    isWorking: () => worker.runningTasks > 0,
    hasAlarms: () => engine.stats().alarms > 0,
  });
  const close = async (): Promise<void> => {
    await clock.during(perdure.close());
  };
  const environment: TestEnvironment = {
    perdure,
    get now() {
      return env.now();
    },
    advance: (duration) => clock.advance(durationMs(duration)),
    settle: () => clock.rest(),
    close,
    [Symbol.asyncDispose]: close,
  };
  return { environment, engine };
}

interface Signs {
  readonly isWorking: () => boolean;
  readonly hasAlarms: () => boolean;
}

/** Moves the time of an environment. */
class Clock {
  readonly #env: VirtualEnv;
  #signs: Signs = { isWorking: () => false, hasAlarms: () => false };
  /** Functions of steps in progress. */
  #inProgress = 0;
  #waiting = 0;
  #isSkipping = false;

  constructor(env: VirtualEnv) {
    this.#env = env;
  }

  watch(signs: Signs): void {
    this.#signs = signs;
  }

  counted(fn: StepFunction): StepFunction {
    return (step) => {
      const result = fn(step);
      if (result instanceof Promise) {
        this.#inProgress += 1;
        const ended = () => {
          this.#inProgress -= 1;
        };
        result.then(ended, ended);
      }
      return result;
    };
  }

  async skipWhile<T>(outcome: Promise<T>): Promise<T> {
    this.#waiting += 1;
    void this.#skip();
    try {
      return await outcome;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** For work that needs no run's alarm, but the engine's own timers. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (;;) {
      await this.rest(() => isDone);
      if (isDone) return done;
      if (this.#env.next !== undefined) this.#env.step();
    }
  }

  async advance(ms: number): Promise<void> {
    const end = this.#env.now() + ms;
    await this.rest();
    for (let next = this.#env.next; next !== undefined && next <= end; next = this.#env.next) {
      this.#env.step();
      await this.rest();
    }
    this.#env.passTo(end);
  }

  async rest(isDone: () => boolean = () => false): Promise<void> {
    let activity = this.#env.activity;
    for (let calm = 0; calm < CALM_ROUNDS && !isDone(); calm++) {
      await new Promise((resolve) => void setImmediate(resolve));
      const isQuiet = activity === this.#env.activity && !this.#isWorking();
      if (!isQuiet) calm = 0;
      activity = this.#env.activity;
    }
  }

  async #skip(): Promise<void> {
    if (this.#isSkipping) return;
    this.#isSkipping = true;
    while (this.#waiting > 0) {
      await this.rest(() => this.#waiting === 0);
      if (this.#waiting > 0 && this.#signs.hasAlarms() && this.#env.next !== undefined) {
        this.#env.step();
      } else if (this.#waiting > 0) await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    this.#isSkipping = false;
  }

  #isWorking(): boolean {
    return this.#inProgress > 0 || this.#signs.isWorking();
  }
}
