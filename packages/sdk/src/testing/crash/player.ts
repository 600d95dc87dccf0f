/**
 * Plays one scenario: the real engine and the real worker on a store in memory, in virtual time.
 *
 * P1  Nothing is decided while anything goes on: answers, cancellation and the passing of time come
 *     when the process is at rest. So the same scenario is the same again.
 * P2  A killed process is followed by a new one on the same disk. Functions of steps that the old
 *     one had begun may end first: what they do is done before anybody knows.
 * P3  A scenario ends: so many timers, so many attempts of a step, so much real time for a function.
 */
import { momentMs } from "../../duration.ts";
import {
  nameOfWait,
  runMachine,
  runOfStream,
  type RunEvent,
  type RunId,
  type RunSpec,
} from "@perdure/kernel";
import { Disk, type Batch } from "@perdure/store";
import type { ObjectDefinition } from "../../define/object.ts";
import type { AnyTask } from "../../define/task.ts";
import type { AnyWorkflow } from "../../define/workflow.ts";
import { stackHere } from "../../runtime/mismatch.ts";
import type { Observer } from "../../runtime/observer.ts";
import { baseOf } from "../check/edits.ts";
import { testingLimits } from "../limits.ts";
import { placeOf } from "../report/place.ts";
import { VirtualEnv } from "../virtual-env.ts";
import { Answering, said } from "./answering.ts";
import { Executions } from "./executions.ts";
import type { CrashOptions } from "./options.ts";
import { Process } from "./process.ts";
import { isFault, type Commit, type Ending, type Halt, type Play } from "./scenario.ts";
import type { RunRecord, Scenario, Unbounded } from "./scenario.ts";
import type { Sources } from "./sources.ts";

export interface Cast {
  readonly workflow: AnyWorkflow;
  readonly workflows: readonly AnyWorkflow[];
  readonly tasks: readonly AnyTask[];
  readonly objects: readonly ObjectDefinition[];
}

type PlayOptions = Omit<CrashOptions, "services" | "observe" | "release">;

const START = Date.UTC(2030, 0, 1);
const CALM_ROUNDS = 12;
const PARTITIONS = 4;

export class Player {
  readonly #scenario: Scenario;
  readonly #cast: Cast;
  readonly #options: PlayOptions;
  readonly #sources: Sources;
  readonly #world: VirtualEnv;
  readonly #disk = new Disk(PARTITIONS);
  readonly #executions: Executions;
  readonly #answering: Answering;
  readonly #commits: Commit[] = [];
  readonly #halts: Halt[] = [];
  readonly #undoable = new Map<string, { workflow: string; key: string }>();
  readonly #unbounded = new Map<string, Unbounded>();
  readonly #listening = new Set<string>();
  #process: Process | undefined;
  #runId: RunId | undefined;
  #rests = 0;
  #restSeq = -1;
  #total = 0;
  #hasHappened = false;
  #hasKilled = false;
  /** So many executions there were when the patience was at its end. */
  #givenUp = -1;
  #refused: Error | undefined;

  constructor(scenario: Scenario, cast: Cast, options: PlayOptions, sources: Sources) {
    this.#scenario = scenario;
    this.#cast = cast;
    this.#options = options;
    this.#sources = sources;
    this.#world = new VirtualEnv(momentMs(options.startAt ?? START), () => undefined);
    this.#executions = new Executions(scenario, () => this.#kill());
    const isAnswered = scenario.type !== "unanswered";
    this.#answering = new Answering(
      isAnswered ? options.answers : undefined,
      options.signals ?? [],
      (workflow, name) => this.#listening.has(`${workflow}\n${name}`),
    );
  }

  async play(): Promise<Omit<Play, "observed">> {
    const startedAt = this.#world.now();
    try {
      const { ending, runs } = await this.#drive();
      const { all } = this.#executions;
      const failed = all.some(({ id }) => id === this.#scenario.fail);
      return {
        scenario: this.#scenario,
        ending,
        hasHappened: this.#hasHappened || failed || !isFault(this.#scenario),
        runs,
        executions: all,
        commits: this.#commits,
        rests: this.#rests,
        answers: this.#answering.given,
        unbounded: [...this.#unbounded.values()],
        halts: this.#halts,
        undoable: [...this.#undoable.values()],
        virtualMs: this.#world.now() - startedAt,
      };
    } finally {
      this.#process?.kill();
    }
  }

  async #drive(): Promise<{ ending: Ending; runs: readonly RunRecord[] }> {
    for (let timers = 0; ;) {
      const process = await this.#alive();
      await this.#rest();
      if (process.isDead) continue;
      const runs = await this.#journals();
      for (const run of runs) this.#look(run);
      const ending = endingOf(runs, timers);
      if (ending) return { ending, runs };
      const main = runs.findLast(({ spec }) => spec.workflow === this.#cast.workflow.name);
      if (main && this.#act(process, main, runs)) continue;
      const { alarms } = process.parts.engine.stats();
      const isWaiting = alarms > 0 || main === undefined || this.#executions.inProgress > 0;
      if (isWaiting && this.#world.next !== undefined) {
        timers += 1;
        this.#world.step();
      } else {
        return { ending: { type: "stuck", on: runs.flatMap(standsOn) }, runs };
      }
    }
  }

  /** True: something was done, and there is more to see. */
  #act(process: Process, main: RunRecord, runs: readonly RunRecord[]): boolean {
    const { perdure } = process.parts;
    const { seq } = main.state;
    if (this.#restSeq !== seq) {
      this.#restSeq = seq;
      this.#rests += 1;
      if (this.#rests === this.#scenario.cancelAt) {
        this.#hasHappened = true;
        said(perdure.cancel({ runId: main.spec.runId }, "the crash test cancels the run"));
        return true;
      }
    }
    return this.#answering.answer(perdure, main, runs);
  }

  async #alive(): Promise<Process> {
    if (this.#process && !this.#process.isDead) return this.#process;
    if (this.#process) await this.#settled();
    this.#answering.forget();
    const { workflow, workflows, tasks, objects } = this.#cast;
    const { guard = true, steps = {} } = this.#options;
    const process = await Process.start({
      disk: this.#disk,
      world: this.#world,
      open: {
        workflows: [workflow, ...workflows].map(unscheduled),
        tasks: tasks.map((task) => this.#executions.task(task)),
        objects,
        guard,
      },
      changes: {
        stepFor: (name, step, fn) =>
          this.#executions.step(name, steps[`${name}.${step}`] ?? steps[step] ?? fn),
        observer: this.#observer(),
      },
      committed: (batches) => this.#committed(batches),
    });
    this.#process = process;
    // The same request: whatever the kill left of the first, there is one run.
    void this.#begin(process);
    return process;
  }

  async #begin({ parts }: Process): Promise<void> {
    const { input, id = "crash-test" } = this.#options;
    try {
      const options = { id, requestId: id, input } as never;
      ({ runId: this.#runId } = await parts.perdure.start(this.#cast.workflow, options));
    } catch (error) {
      this.#refused = error instanceof Error ? error : new Error(String(error));
    }
  }

  #observer() {
    return {
      asked: (...[fiber, , ask]: Parameters<NonNullable<Observer["asked"]>>) => {
        this.#sources.noted(fiber, ask);
        const name = baseOf(ask.key);
        if (ask.kind === "wait" && fiber.inbox.listensTo(name)) {
          this.#listening.add(`${fiber.code.name}\n${name}`);
        }
      },
      undoable: (...[fiber, key]: Parameters<NonNullable<Observer["undoable"]>>) => {
        const workflow = fiber.code.name;
        this.#undoable.set(`${workflow}\n${key}`, { workflow, key });
      },
      halted: (...args: Parameters<NonNullable<Observer["halted"]>>) => {
        const [fiber, failure, divergence] = args;
        const at = placeOf(stackHere()) ?? this.#sources.last(fiber.code.name);
        this.#halts.push({ workflow: fiber.code.name, failure, divergence, at });
      },
    };
  }

  #committed(batches: readonly Batch[]): void {
    const events = batches.flatMap(({ appends }) =>
      appends
        .filter(({ stream }) => stream.startsWith("run/"))
        .map(({ stream, from, events: { length } }) => ({
          runId: runOfStream(stream),
          from,
          count: length,
        })),
    );
    if (events.length === 0) return;
    for (const { count } of events) this.#total += count;
    this.#commits.push({ events, total: this.#total });
    const { killAfter } = this.#scenario;
    if (killAfter !== undefined && this.#total >= killAfter) this.#kill();
  }

  #kill(): void {
    if (this.#hasKilled) return;
    this.#hasKilled = true;
    this.#hasHappened = true;
    this.#process?.kill();
  }

  /** Until nothing goes on any more but waiting, or a function takes too long (P3). */
  async #rest(): Promise<void> {
    let { activity } = this.#world;
    let since = performance.now();
    for (let calm = 0; calm < CALM_ROUNDS; calm++) {
      await macrotask();
      const isQuiet = activity === this.#world.activity;
      if (!isQuiet) since = performance.now();
      if (!isQuiet || this.#isWorking(since)) calm = 0;
      ({ activity } = this.#world);
    }
    if (this.#refused) throw this.#refused;
  }

  /** A function that has taken too long once is not waited for again. */
  #isWorking(since: number): boolean {
    const { inProgress, all } = this.#executions;
    if (inProgress === 0 || this.#process?.isDead || all.length === this.#givenUp) return false;
    if (performance.now() - since < this.#patienceMs) return true;
    this.#givenUp = all.length;
    return false;
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? testingLimits.stepMs;
  }

  /** P2. Functions that were told to stop, or hang, are not waited for without end. */
  async #settled(): Promise<void> {
    const since = performance.now();
    while (this.#executions.inProgress > 0 && performance.now() - since < this.#patienceMs) {
      await macrotask();
    }
  }

  /** The run, whatever it went on as, and its children: those that are known, in that order. */
  async #journals(): Promise<readonly RunRecord[]> {
    const { parts } = await this.#alive();
    const found = new Map<RunId, RunRecord>();
    const todo = this.#runId === undefined ? [] : [this.#runId];
    for (let id = todo.shift(); id !== undefined; id = todo.shift()) {
      if (found.has(id)) continue;
      const events = await journalOf(parts.engine, id);
      const [first] = events;
      if (first?.kind !== "run.started") continue;
      const state = runMachine.initial();
      for (const event of events) runMachine.evolve(state, event);
      found.set(id, { spec: first.spec, events, state });
      todo.push(...events.flatMap(leadsTo));
    }
    return [...found.values()];
  }

  /** Waits and calls of a run that nothing ends but what it waits for. */
  #look({ spec, events, state }: RunRecord): void {
    const note = (kind: Unbounded["kind"], key: string) => {
      const name = baseOf(key);
      const unbounded = { workflow: spec.workflow, kind, name };
      this.#unbounded.set(Object.values(unbounded).join("\n"), unbounded);
    };
    if (spec.runTimeoutMs) return;
    for (const event of events) {
      if (event.kind !== "call.scheduled") continue;
      if (!event.target.runTimeoutMs) note("call", event.key);
    }
    const operations = [...state.operations.values()];
    const isTimed = operations.some(
      (one) => one.type === "timer" || one.type === "step" || (one.type === "wait" && one.deadline),
    );
    if (isTimed || state.outcome) return;
    for (const one of operations) {
      if (one.type !== "wait") continue;
      const { key, on } = one;
      if (on.type === "keyPromise" || on.type === "run") continue;
      if (!this.#listening.has(`${spec.workflow}\n${on.name}`)) note(on.type, key);
    }
  }
}

function endingOf(runs: readonly RunRecord[], timers: number): Ending | undefined {
  const [first] = runs;
  const isTooLong = timers >= testingLimits.timersPerScenario;
  if (!first) return isTooLong ? { type: "stuck", on: ["the run does not begin"] } : undefined;
  let main: RunRecord = first;
  for (let next = continuedAs(main, runs); next !== undefined; next = continuedAs(main, runs)) {
    main = next;
  }
  const { outcome } = main.state;
  if (outcome && outcome.status !== "continued") return { type: "closed", outcome };
  for (const { spec, state } of runs) {
    if (!state.paused || state.outcome) continue;
    const { reason, message, key } = state.paused;
    return { type: "parked", workflow: spec.workflow, reason, message, key };
  }
  for (const { spec, state } of runs) {
    for (const one of state.operations.values()) {
      const isEndless = one.type === "step" && one.attempt >= testingLimits.attempts;
      if (isEndless) return { type: "endless", workflow: spec.workflow, key: one.key };
    }
  }
  if (!isTooLong) return undefined;
  return { type: "endless", workflow: main.spec.workflow, key: undefined };
}

function continuedAs({ state }: RunRecord, runs: readonly RunRecord[]): RunRecord | undefined {
  const { outcome } = state;
  if (outcome?.status !== "continued") return undefined;
  return runs.find(({ spec }) => spec.runId === outcome.runId);
}

function leadsTo(event: RunEvent): RunId[] {
  if (event.kind === "call.scheduled" || event.kind === "run.continued") return [event.runId];
  if (event.kind === "message.sent" && event.message.type === "start") return [event.message.runId];
  return [];
}

function standsOn({ spec, state }: RunRecord): string[] {
  if (state.outcome) return [];
  return [...state.operations.values()].map((one) =>
    one.type === "wait"
      ? `${spec.workflow} waits for the ${one.on.type} "${baseOf(nameOfWait(one.on))}"`
      : `${spec.workflow} waits for ${one.type} "${one.key}"`,
  );
}

async function journalOf(
  engine: Process["parts"]["engine"],
  runId: RunSpec["runId"],
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const limit = testingLimits.livePageEvents;
    const page = await engine.journal(runId, events.length + 1, limit).catch(() => []);
    events.push(...page);
    if (page.length < limit) return events;
  }
}

/** Nothing starts runs but the test. */
function unscheduled(workflow: AnyWorkflow): AnyWorkflow {
  const { cron: _cron, triggers: _triggers, ...settings } = workflow.code.settings;
  return { ...workflow, code: { ...workflow.code, settings } };
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
