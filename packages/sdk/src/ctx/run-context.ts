/** The `ctx` of a run: one per cancellation scope, all over one fiber. */
import type { JsonObject } from "@perdure/kernel";
import type { AnyHandler, ObjectDefinition } from "../define/object.ts";
import type { AnyTask } from "../define/task.ts";
import type { AnyWorkflow } from "../define/workflow.ts";
import { durationMs, momentMs, type Duration } from "../duration.ts";
import { CancelledError } from "../errors.ts";
import { encodePayload } from "../payload.ts";
import { Call } from "../runtime/call.ts";
import type { Fiber } from "../runtime/fiber.ts";
import { Halted } from "../runtime/halted.ts";
import { LocalStep, type LocalStepOptions } from "../runtime/local-step.ts";
import type { Operation } from "../runtime/operation.ts";
import { RemoteStep } from "../runtime/remote-step.ts";
import { Scope } from "../runtime/scope.ts";
import { addressOf, callTarget, matchable, objectTarget, sendMessage } from "../runtime/sending.ts";
import { Timer } from "../runtime/timer.ts";
import { Wait, type WaitTerms } from "../runtime/wait.ts";
import { within } from "../runtime/tracer.ts";
import type { StepFunction } from "../runtime/world.ts";
import { transact } from "../transaction/transact.ts";
import type { Database } from "../transaction/database.ts";
import { logOver, type Log } from "./log.ts";
import { objectProxy } from "./object-proxy.ts";
import type {
  AwaitedCallOptions,
  CallOptions,
  CancellableScope,
  Cancellation,
  DurablePromise,
  EventWaitOptions,
  KeyedState,
  RunInfo,
  RunTarget,
  RunTaskOptions,
  SignalWaitOptions,
  WaitOptions,
} from "./options.ts";
import { taskSpec } from "./task-spec.ts";

const all = Promise.all.bind(Promise);
const race = Promise.race.bind(Promise);
const any = Promise.any.bind(Promise);
const allSettled = Promise.allSettled.bind(Promise);

/** Typed from outside by `Context`; here the types are those of the journal. */
export class RunContext {
  readonly #fiber: Fiber;
  readonly #scope: Scope;
  #log: Log | undefined;
  #state: KeyedState | undefined;

  constructor(fiber: Fiber, scope: Scope) {
    this.#fiber = fiber;
    this.#scope = scope;
  }

  get all(): PromiseConstructor["all"] {
    return all;
  }

  get race(): PromiseConstructor["race"] {
    return race;
  }

  get any(): PromiseConstructor["any"] {
    return any;
  }

  get allSettled(): PromiseConstructor["allSettled"] {
    return allSettled;
  }

  step(name: string, fn: StepFunction, options: LocalStepOptions = {}): Promise<unknown> {
    return this.#open(() => {
      const step = new LocalStep(this.#fiber, this.#scope, name, fn, options);
      step.ask();
      return step;
    });
  }

  run(task: AnyTask, input: unknown, options: RunTaskOptions<never> = {}): Promise<unknown> {
    return this.#open(() => {
      const spec = taskSpec(task.code, input, options);
      const step = new RemoteStep(this.#fiber, this.#scope, spec, options.undo);
      step.ask();
      return step;
    });
  }

  transaction(
    name: string,
    database: Database,
    fn: (tx: never, step: never) => unknown,
    options?: LocalStepOptions,
  ): Promise<unknown> {
    return this.step(name, transact(this.#fiber.runId, database, fn), options);
  }

  sleep(duration: Duration, options: { readonly name?: string } = {}): Promise<void> {
    return this.#timer(() => this.#fiber.clock() + durationMs(duration), options.name);
  }

  sleepUntil(moment: Date | number, options: { readonly name?: string } = {}): Promise<void> {
    return this.#timer(() => momentMs(moment), options.name);
  }

  waitFor(name: string, options: SignalWaitOptions = {}): Promise<unknown> {
    const schema = options.schema ?? this.#fiber.code.messages.signals[name];
    const on = () => ({ type: "signal", name }) as const;
    return this.#open(() => this.#wait(name, on, { ...this.#terms(options), schema }));
  }

  waitForEvent(event: string, options: EventWaitOptions = {}): Promise<unknown> {
    const { match, lookBack } = options;
    const schema = options.schema ?? this.#fiber.code.messages.events[event];
    const on = () =>
      ({
        type: "event",
        name: event,
        ...(match === undefined ? {} : { match }),
        ...(lookBack === undefined ? {} : { lookBackMs: durationMs(lookBack) }),
      }) as const;
    return this.#open(() => this.#wait(event, on, { ...this.#terms(options), schema }));
  }

  promise(name = "promise"): DurablePromise<unknown> {
    if (this.#scope.error) throw this.#scope.error;
    const wait = this.#wait(name, (key) => ({ type: "promise", name: key }), {});
    return { id: `${this.#fiber.runId}/${wait.key}`, result: wait.promise };
  }

  call(workflow: AnyWorkflow, input?: unknown, options: AwaitedCallOptions = {}): Promise<unknown> {
    const { onParentClose = "terminate" } = options;
    return this.#open(() => {
      const target = callTarget(this.#fiber.spec, workflow.code, input, options);
      return new Call(this.#fiber, this.#scope, target, onParentClose);
    });
  }

  send(workflow: AnyWorkflow, input?: unknown, options: CallOptions = {}): void {
    const target = callTarget(this.#fiber.spec, workflow.code, input, options);
    sendMessage(this.#fiber, `send:${workflow.name}`, { type: "start", target });
  }

  sendLater(
    delay: Duration,
    workflow: AnyWorkflow,
    input?: unknown,
    options: CallOptions = {},
  ): void {
    const startAt = this.#fiber.clock() + durationMs(delay);
    const target = { ...callTarget(this.#fiber.spec, workflow.code, input, options), startAt };
    sendMessage(this.#fiber, `send:${workflow.name}`, { type: "start", target });
  }

  object(definition: ObjectDefinition, key: string): unknown {
    const target = (handler: AnyHandler, workflow: AnyWorkflow, input: unknown) =>
      objectTarget(
        this.#fiber.spec,
        { name: definition.name, key },
        { definition: handler, code: workflow.code },
        input,
      );
    return objectProxy(definition, {
      call: (handler, workflow, input) =>
        this.#open(() => {
          const call = target(handler, workflow, input);
          return new Call(this.#fiber, this.#scope, call, "cancel");
        }),
      send: (handler, workflow, input) =>
        sendMessage(this.#fiber, `send:${workflow.name}`, {
          type: "start",
          target: target(handler, workflow, input),
        }),
    });
  }

  publish(event: string, payload?: unknown, options: { readonly data?: JsonObject } = {}): void {
    const data = matchable(payload, options.data);
    sendMessage(this.#fiber, `publish:${event}`, {
      type: "publish",
      event,
      payload: encodePayload(payload, `the event "${event}"`),
      ...(data === undefined ? {} : { data }),
    });
  }

  signal(target: RunTarget, name: string, payload?: unknown): void {
    sendMessage(this.#fiber, `signal:${name}`, {
      type: "signal",
      to: addressOf(this.#namespace, target),
      name,
      payload: encodePayload(payload, `the signal "${name}"`),
    });
  }

  cancel(target: RunTarget, reason?: string): void {
    sendMessage(this.#fiber, "cancel", {
      type: "cancel",
      to: addressOf(this.#namespace, target),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  onSignal(name: string, handler: (payload: unknown) => unknown): void {
    this.#fiber.inbox.onSignal(name, handler);
  }

  onQuery(name: string, handler: (input: unknown) => unknown): void {
    this.#fiber.inbox.onQuery(name, handler);
  }

  onUpdate(
    name: string,
    handle: (input: unknown) => unknown,
    options: { readonly validate?: (input: unknown) => void } = {},
  ): void {
    this.#fiber.inbox.onUpdate(name, { handle, validate: options.validate });
  }

  now(): number {
    return this.#fiber.values.now();
  }

  random(): number {
    return this.#fiber.values.random();
  }

  uuid(): string {
    return this.#fiber.values.uuid();
  }

  version(changeId: string, min: number, max: number): number {
    return this.#fiber.values.version(changeId, min, max);
  }

  patched(id: string): boolean {
    return this.version(id, 0, 1) === 1;
  }

  get key(): string {
    return this.#fiber.spec.key?.id ?? "";
  }

  get state(): KeyedState {
    this.#state ??= this.#fiber.state.in(this.#scope);
    return this.#state;
  }

  get info(): RunInfo {
    const { runId, workflow, namespace, key, queue, version, parent, firstRunId, headers } =
      this.#fiber.spec;
    return {
      runId,
      workflow,
      namespace,
      id: key?.id,
      queue,
      version,
      parent: parent?.runId,
      firstRunId: firstRunId ?? runId,
      headers: headers ?? {},
    };
  }

  get replaying(): boolean {
    return this.#fiber.isReplaying;
  }

  get cancellation(): Cancellation {
    const { error } = this.#scope;
    return {
      requested: error !== undefined,
      reason: error?.message,
      check: () => {
        if (this.#scope.error) throw this.#scope.error;
      },
    };
  }

  async shielded<T>(fn: (ctx: RunContext) => Promise<T>): Promise<T> {
    return fn(new RunContext(this.#fiber, new Scope(this.#scope, true)));
  }

  cancellable<T>(fn: (ctx: RunContext) => Promise<T>): CancellableScope<T> {
    const scope = new Scope(this.#scope);
    const result = fn(new RunContext(this.#fiber, scope));
    result.catch(() => undefined);
    return {
      result,
      cancel: (reason = "the scope was cancelled") =>
        this.#fiber.cancelScope(scope, new CancelledError(reason)),
    };
  }

  async continueAsNew(input?: unknown): Promise<never> {
    const { code } = this.#fiber;
    const payload = encodePayload(input, `the next input of workflow "${code.name}"`);
    this.#fiber.finish({ type: "run.continue", input: payload });
    // The run is over: nothing after this is to happen.
    return new Promise<never>(() => undefined);
  }

  get log(): Log {
    const { world, runId, spec } = this.#fiber;
    const speaks = () => !this.#fiber.isReplaying;
    this.#log ??= logOver(world.log, { runId, workflow: spec.workflow }, speaks);
    return this.#log;
  }

  async span<T>(name: string, fn: () => Promise<T>): Promise<T> {
    const { tracer, leave } = this.#fiber.world;
    if (!tracer || this.#fiber.isReplaying) return fn();
    const span = this.#fiber.trace.span(name);
    try {
      const result = await within(span, fn);
      leave(() => span?.end());
      return result;
    } catch (error) {
      leave(() => span?.end(error));
      throw error;
    }
  }

  progress(fraction: number, text?: string): void {
    const progress = text === undefined ? { fraction } : { fraction, text };
    this.#upsert({ progress });
  }

  attributes(attributes: JsonObject): void {
    this.#upsert({ attributes });
  }

  get #namespace(): string {
    return this.#fiber.spec.namespace;
  }

  #upsert(change: {
    readonly attributes?: JsonObject;
    readonly progress?: { readonly fraction: number; readonly text?: string };
  }): void {
    if (this.#fiber.ask("attributes", "")) return;
    const { asked: ordinal } = this.#fiber;
    this.#fiber.command({ type: "attributes.upsert", ordinal, ...change });
  }

  #timer(fireAt: () => number, name: string | undefined): Promise<void> {
    return this.#open(() => new Timer(this.#fiber, this.#scope, fireAt(), name));
  }

  /** Bad arguments are rejections, and a fiber that is over leaves its code waiting for ever. */
  #open<T>(operation: () => Operation<T>): Promise<T> {
    if (this.#scope.error) return refused(this.#scope.error);
    try {
      return operation().promise;
    } catch (error) {
      if (error instanceof Halted) return new Promise<never>(() => undefined);
      return refused(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #wait(name: string, on: ConstructorParameters<typeof Wait>[3], terms: WaitTerms): Wait {
    return new Wait(this.#fiber, this.#scope, name, on, terms);
  }

  #terms(options: WaitOptions): WaitTerms {
    const { timeout } = options;
    return {
      ...(timeout === undefined ? {} : { deadline: this.#fiber.clock() + durationMs(timeout) }),
      ...("onTimeout" in options ? { onTimeout: { value: options.onTimeout } } : {}),
    };
  }
}

/** Code may look at the promise later, or never: that must not end the process. */
function refused(reason: Error): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => undefined);
  return promise;
}
