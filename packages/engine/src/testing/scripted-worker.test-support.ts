/**
 * A worker whose workflows are generators that ask for one thing at a time. It replays, parks and
 * keeps coroutines as a real one does, in as few lines as that takes.
 */
import type {
  CallTarget,
  Command,
  Payload,
  RunEvent,
  RunId,
  StepToken,
  TaskSpec,
} from "@perdure/kernel";
import { defaultRetry, isWaking, PerdureError } from "@perdure/kernel";
import type {
  Activation,
  ClaimedTask,
  Lease,
  UpdateRequest,
  Worker,
  WorkerOptions,
  WorkerSession,
} from "../worker.ts";
import type { WorkerHost } from "../worker.ts";
import { text, textOf } from "./payloads.test-support.ts";

export type Ask =
  | { readonly step: string; readonly do?: () => string }
  | { readonly task: string; readonly spec?: Partial<TaskSpec> }
  | { readonly sleepMs: number; readonly key: string }
  | { readonly signal: string; readonly timeoutMs?: number }
  | { readonly event: string }
  | { readonly call: string; readonly target: Partial<CallTarget> }
  | { readonly upsert: string };

export type Script = (input: string) => Generator<Ask, string, string>;

interface Coroutine {
  readonly lease: Lease;
  readonly script: Script;
  readonly events: RunEvent[];
  readonly asked: Set<number>;
  through: number;
  spec: Activation["spec"];
}

export interface WorkerChoices {
  readonly id?: string;
  readonly scripts?: Readonly<Record<string, Script>>;
  readonly tasks?: Readonly<Record<string, (task: ClaimedTask) => string | undefined>>;
  readonly options?: Partial<WorkerOptions>;
  readonly foresee?: NonNullable<Worker["foresee"]>;
}

export class ScriptedWorker implements Worker {
  readonly id: string;
  readonly foresee?: NonNullable<Worker["foresee"]>;
  readonly activations: Activation[] = [];
  readonly evicted: RunId[] = [];
  readonly cancelled: StepToken[] = [];
  readonly claimed: ClaimedTask[] = [];
  /** Steps as they were run, in order. */
  readonly ran: string[] = [];
  /** A step stays unanswered while its name is in here. */
  readonly stuck: Set<string> = new Set();
  session!: WorkerSession;
  readonly #choices: WorkerChoices;
  readonly #runs = new Map<RunId, Coroutine>();
  readonly #defer: (call: () => void) => void;

  constructor(choices: WorkerChoices, defer: (call: () => void) => void) {
    this.#choices = choices;
    this.id = choices.id ?? "worker";
    this.#defer = defer;
    if (choices.foresee !== undefined) this.foresee = choices.foresee;
  }

  join(host: WorkerHost): this {
    const { scripts = {}, tasks = {}, options } = this.#choices;
    this.session = host.register(this, {
      queues: [{ name: "main", workflows: Object.keys(scripts), tasks: Object.keys(tasks) }],
      namespace: "test",
      taskSlots: 10,
      runSlots: 100,
      leaseMs: 0,
      ...options,
    });
    return this;
  }

  activate(activation: Activation): void {
    this.activations.push(activation);
    const { runId, lease, events, through, spec } = activation;
    const script = this.#choices.scripts?.[spec.workflow];
    if (!script) throw new Error(`no script for ${spec.workflow}`);
    this.#runs.set(runId, { lease, script, events: [...events], asked: new Set(), through, spec });
    this.#defer(() => this.#turn(runId));
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    const run = this.#runs.get(runId);
    if (run?.lease !== lease) throw new Error("delivered under an ended lease");
    if (events[0]!.seq !== run.events.length + 1) throw new Error("a gap in the delivery");
    run.events.push(...events);
    this.#defer(() => this.#turn(runId));
  }

  evict(runId: RunId, lease: Lease): void {
    this.evicted.push(runId);
    if (this.#runs.get(runId)?.lease === lease) this.#runs.delete(runId);
  }

  runTask(task: ClaimedTask): void {
    this.claimed.push(task);
    const output = this.#choices.tasks?.[task.spec.task]?.(task);
    if (output === undefined) return;
    const result = { type: "completed", output: text(output) } as const;
    this.#defer(() => void this.session.result(task.token, result).catch(() => undefined));
  }

  cancelTask(token: StepToken): void {
    this.cancelled.push(token);
  }

  /** The query `seen` says how many events the code has seen. */
  query(runId: RunId, _lease: Lease, name: string): Promise<Payload> {
    if (name !== "seen") {
      return Promise.reject(new PerdureError("query-failed", `no query ${name}`));
    }
    return Promise.resolve(text(String(this.#runs.get(runId)?.events.length)));
  }

  /** Every update is accepted and completed in one answer, but one named `refuse`. */
  update(runId: RunId, lease: Lease, { id, name, payload }: UpdateRequest): Promise<void> {
    if (name === "refuse") {
      return Promise.reject(new PerdureError("update-rejected", "the validator says no"));
    }
    this.ran.push(`update ${name}`);
    const commands: Command[] = [
      { type: "update.accept", id, name, payload },
      { type: "update.complete", id, output: text(`${name}: ${textOf(payload)}`) },
    ];
    this.session.answer(runId, lease, { commands });
    return Promise.resolve();
  }

  #turn(runId: RunId): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    const { lease, events } = run;
    const waking = events.findLast(isWaking)?.seq ?? 0;
    const commands = this.#attempt(run);
    if (commands === "busy" || (commands.length === 0 && waking <= run.through)) return;
    const last = events.length;
    run.through = last;
    this.session.answer(runId, lease, { commands, through: last });
  }

  #attempt(run: Coroutine): Command[] | "busy" {
    try {
      return this.#commands(run);
    } catch (error) {
      const failure = { code: "script", message: (error as Error).message };
      return [{ type: "run.fail", failure }];
    }
  }

  #commands(run: Coroutine): Command[] | "busy" {
    const code = run.script(textOf(run.spec.input));
    let next = code.next();
    for (let ordinal = 1; ; ordinal++) {
      if (next.done) return [{ type: "run.complete", output: text(next.value) }];
      const ask = next.value;
      const result = resultOf(run.events, ask);
      if (result === undefined) return this.#ask(run, ask, ordinal);
      next = "failure" in result ? code.throw(new Error(result.failure)) : code.next(result.output);
    }
  }

  #ask(run: Coroutine, ask: Ask, ordinal: number): Command[] | "busy" {
    const known = run.events.some((event) => "ordinal" in event && event.ordinal === ordinal);
    if ("step" in ask) {
      if (run.asked.has(ordinal)) return "busy";
      run.asked.add(ordinal);
      this.ran.push(ask.step);
      if (this.stuck.has(ask.step)) return "busy";
      const output = text(ask.do?.() ?? "");
      const base = { key: ask.step, ordinal, name: ask.step, attempt: 1 };
      this.session.answer(run.spec.runId, run.lease, {
        commands: [{ type: "step.complete", output, ...base }],
      });
      return "busy";
    }
    if (known || run.asked.has(ordinal)) return [];
    run.asked.add(ordinal);
    return [commandOf(ask, ordinal, run.events.at(-1)!.at)];
  }
}

function keyOf(ask: Ask): string {
  if ("step" in ask) return ask.step;
  if ("task" in ask) return ask.task;
  if ("sleepMs" in ask) return ask.key;
  if ("signal" in ask) return `wait:${ask.signal}`;
  if ("event" in ask) return `event:${ask.event}`;
  if ("call" in ask) return ask.call;
  return ask.upsert;
}

function commandOf(ask: Exclude<Ask, { step: string }>, ordinal: number, now: number): Command {
  const key = keyOf(ask);
  if ("task" in ask) {
    const input = text("");
    const spec = {
      task: ask.task,
      queue: "main",
      input,
      retry: defaultRetry,
      timeouts: {},
      ...ask.spec,
    };
    return { type: "step.schedule", key, ordinal, name: ask.task, spec };
  }
  if ("sleepMs" in ask) return { type: "timer.start", key, ordinal, fireAt: now + ask.sleepMs };
  if ("signal" in ask) {
    const deadline = ask.timeoutMs === undefined ? {} : { deadline: now + ask.timeoutMs };
    const on = { type: "signal", name: ask.signal } as const;
    return { type: "wait.start", key, ordinal, on, ...deadline };
  }
  if ("event" in ask) {
    return { type: "wait.start", key, ordinal, on: { type: "event", name: ask.event } };
  }
  if ("call" in ask) {
    const target = { workflow: ask.call, input: text(""), queue: "main", ...ask.target };
    return { type: "call.start", key, ordinal, target, onParentClose: "terminate" };
  }
  return { type: "value.record", key, ordinal, value: text(ask.upsert) };
}

type Result = { readonly output: string } | { readonly failure: string };

function resultOf(events: readonly RunEvent[], ask: Ask): Result | undefined {
  const key = keyOf(ask);
  for (const event of events) {
    if (!("key" in event) || event.key !== key) continue;
    switch (event.kind) {
      case "step.completed":
        return { output: textOf(event.output) };
      case "step.abandoned":
        return { failure: event.failure.code };
      case "step.cancelled":
      case "wait.timedOut":
        return { failure: event.kind };
      case "timer.fired":
        return { output: "" };
      case "value.recorded":
        return { output: event.value ? textOf(event.value) : "" };
      case "wait.resolved":
        return { output: payloadOf(events, event.signal, event.payload) };
      case "call.closed":
        return event.outcome.status === "completed"
          ? { output: textOf(event.outcome.output) }
          : { failure: event.outcome.status };
      default:
    }
  }
  return undefined;
}

function payloadOf(
  events: readonly RunEvent[],
  signal: number | undefined,
  payload: Payload | undefined,
): string {
  if (payload) return textOf(payload);
  const received = signal === undefined ? undefined : events[signal - 1];
  return received?.kind === "signal.received" && received.payload ? textOf(received.payload) : "";
}
