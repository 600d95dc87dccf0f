/**
 * One run over the kernel's real run machine, without engine or store: for tests that look at
 * every event and every answer, lose workers where they like, and replay any prefix of a journal.
 *
 * Time stands still but for `pass`. What the run sends to other machines is kept in `sent`.
 */
import type { Env, WorkerSession } from "@perdure/engine";
import {
  decide,
  runId,
  runMachine,
  type ActivationAnswer,
  type Effect,
  type Outcome,
  type Payload,
  type RunEvent,
  type RunId,
  type RunMessage,
  type RunSpec,
  type RunState,
} from "@perdure/kernel";
import type { LogSink } from "../ctx/log.ts";
import type { AnyWorkflow } from "../define/workflow.ts";
import { openGuard } from "../guard/guard.ts";
import type { Guard, GuardMode } from "../guard/off-guard.ts";
import { encodePayload } from "../payload.ts";
import { Registry } from "../worker/registry.ts";
import { InProcessWorker } from "../worker/worker.ts";

export interface SingleRunOptions {
  readonly input?: unknown;
  readonly spec?: Partial<RunSpec>;
  readonly guard?: GuardMode;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

const START = Date.UTC(2030, 0, 1);

export class SingleRun {
  readonly id: RunId = runId(START, 7, "0123456789abcdef");
  readonly journal: RunEvent[] = [];
  readonly answers: ActivationAnswer[] = [];
  readonly sent: Extract<Effect, { type: "send" }>[] = [];
  readonly logs: LogLine[] = [];
  state: RunState = runMachine.initial();
  now: number = START;
  worker: InProcessWorker | undefined;
  readonly #registry: Registry;
  readonly #guard: GuardMode;
  readonly #guards: Guard[] = [];
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  #lease = 0;
  #activity = 0;
  /** A journal is only replayed: nothing the code asks for happens. */
  #isReplayOnly = false;

  constructor(workflow: AnyWorkflow, options: SingleRunOptions = {}) {
    this.#registry = new Registry({ workflows: [workflow] });
    this.#guard = options.guard ?? false;
    const spec: RunSpec = {
      runId: this.id,
      namespace: "test",
      workflow: workflow.name,
      input: encodePayload(options.input, "the input"),
      queue: "default",
      ...options.spec,
    };
    this.#decide({ type: "run.start", spec });
  }

  /** A run with this journal and a worker that replays it; nothing it asks for happens. */
  static async replay(
    workflow: AnyWorkflow,
    journal: readonly RunEvent[],
    options: SingleRunOptions = {},
  ): Promise<SingleRun> {
    const run = new SingleRun(workflow, options);
    run.journal.length = 0;
    run.state = runMachine.initial();
    for (const event of journal) {
      run.journal.push(event);
      runMachine.evolve(run.state, event);
    }
    run.now = journal.at(-1)?.at ?? START;
    run.#isReplayOnly = true;
    run.activate();
    await run.rest();
    return run;
  }

  get outcome(): Outcome | undefined {
    return this.state.outcome;
  }

  kinds(): readonly string[] {
    return this.journal.map(({ kind }) => kind);
  }

  /** Gives the run to a fresh worker. `lost`: an earlier one was lost while it was busy. */
  activate(lost = false): void {
    this.#lease += 1;
    const env = this.#env();
    const log: LogSink = (...line) => env.log(...line);
    const guard = openGuard(this.#guard, log);
    this.#guards.push(guard);
    const worker = new InProcessWorker({
      id: `worker-${this.#lease}`,
      registry: this.#registry,
      env,
      log,
      guard,
    });
    worker.connect(this.#session(this.#lease));
    this.worker = worker;
    const { spec, through, seq } = this.state;
    if (!spec) throw new Error("the run has not started");
    worker.activate({
      runId: this.id,
      lease: this.#lease,
      spec,
      events: [...this.journal],
      through,
      lostAt: lost ? seq : 0,
    });
  }

  /** The worker is gone; what it would still answer counts no more. */
  kill(): void {
    this.worker?.stop();
    this.worker = undefined;
    for (const guard of this.#guards.splice(0)) guard.close();
  }

  /** What the worker says from now on is lost. */
  mute(): void {
    this.#lease += 1;
  }

  async start(): Promise<this> {
    this.activate();
    return this.rest();
  }

  async tell(message: RunMessage, options: { readonly rest?: boolean } = {}): Promise<this> {
    this.#decide(message);
    return options.rest === false ? this : this.rest();
  }

  signal(name: string, payload?: unknown): Promise<this> {
    const encoded = encodePayload(payload, "the signal");
    return this.tell({ type: "run.signal", signal: { name, payload: encoded } });
  }

  /** Lets time go by, ringing every alarm on the way. */
  async pass(ms: number): Promise<this> {
    const end = this.now + ms;
    for (;;) {
      const alarm = this.state.outcome ? undefined : runMachine.wakeAt(this.state);
      const timer = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      const next = Math.min(alarm ?? Infinity, timer?.at ?? Infinity);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (timer && timer.at <= next) {
        this.#timers = this.#timers.filter((other) => other !== timer);
        timer.call();
        await this.rest();
      } else await this.tell({ type: "wake" });
    }
    this.now = end;
    return this;
  }

  /** Until nothing has happened for a while. */
  async rest(): Promise<this> {
    for (let calm = 0; calm < 20; calm++) {
      const before = this.#activity;
      await new Promise((resolve) => void setImmediate(resolve));
      if (this.#activity !== before) calm = 0;
    }
    return this;
  }

  #decide(message: RunMessage): void {
    const { events, effects } = decide(runMachine, this.state, message, this.now);
    this.journal.push(...events);
    for (const effect of effects) if (effect.type === "send") this.sent.push(effect);
    if (events.length === 0 || !this.worker) return;
    this.#activity += 1;
    this.worker.deliver(this.id, this.#lease, events);
  }

  #session(lease: number): WorkerSession {
    return {
      answer: (_runId, of, answer) => {
        if (of !== lease || lease !== this.#lease || !this.worker) return;
        this.#activity += 1;
        this.answers.push(answer);
        if (!this.#isReplayOnly) this.#decide({ type: "run.answer", answer });
      },
      beat: async () => ({ cancelRequested: false }),
      result: async () => undefined,
      release: () => undefined,
      abandon: () => undefined,
      alive: () => undefined,
      drain: async () => undefined,
      close: () => undefined,
    };
  }

  #env(): Env {
    return {
      now: () => this.now,
      monotonic: () => this.now,
      random: () => 0.5,
      after: (ms, call) => {
        const timer = { at: this.now + ms, call };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
      defer: (call) => {
        this.#activity += 1;
        setImmediate(call);
      },
      log: (level, message) => void this.logs.push({ level, message }),
    };
  }
}

/** Outputs of the steps and of the run, as the code told them. */
export function outputsOf(run: SingleRun): readonly Payload[] {
  const commands = run.answers.flatMap((answer) => answer.commands);
  return commands.flatMap((command) =>
    command.type === "step.complete" || command.type === "run.complete" ? [command.output] : [],
  );
}
