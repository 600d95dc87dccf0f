/** `Perdure` over an engine in this process. */
import type { EngineClient, Target as EngineTarget } from "@perdure/engine";
import { isRunId, PerdureError, type Explanation, type Failure, type RunId } from "@perdure/kernel";
import type { Query } from "@perdure/store";
import { withTrace } from "@perdure/wire";
import { objectProxy } from "../ctx/object-proxy.ts";
import type { AnyHandler, Handlers, ObjectDefinition, ObjectProxy } from "../define/object.ts";
import type { Messages } from "../define/messages.ts";
import type { AnyWorkflow, Workflow, WorkflowCode } from "../define/workflow.ts";
import { momentMs } from "../duration.ts";
import { failureOf } from "../failures.ts";
import { encodePayload } from "../payload.ts";
import type { Tracer } from "../runtime/tracer.ts";
import { matchable, workflowKey } from "../runtime/sending.ts";
import { EngineRunHandle, type RunHandle } from "./handle.ts";
import type {
  ListOptions,
  PublishOptions,
  StartOptions,
  StartSettings,
  Target,
  WhyTarget,
} from "./options.ts";
import type { Perdure, RunPage, StartedItem } from "./perdure.ts";
import { EngineSchedules, type Schedules } from "./schedules.ts";
import { startAll, type Prepared } from "./start-many.ts";
import { startRequest } from "./start-request.ts";

const PAGE_ROWS = 100;

export interface ClientParts {
  readonly engine: EngineClient;
  readonly namespace: string;
  /** Ms since epoch. */
  readonly now: () => number;
  /** Of whoever starts a run, for the trace; over a wire it goes beside the request. */
  readonly trace?: Tracer["headers"];
  readonly close: () => Promise<void>;
}

export class EnginePerdure implements Perdure {
  readonly namespace: string;
  readonly schedules: Schedules;
  readonly #engine: EngineClient;
  readonly #close: () => Promise<void>;

  readonly #now: () => number;
  readonly #trace: Tracer["headers"];

  constructor(parts: ClientParts) {
    const { engine, namespace, now, trace, close } = parts;
    this.#trace = trace;
    this.#engine = engine;
    this.#now = now;
    this.#close = close;
    this.namespace = namespace;
    this.schedules = new EngineSchedules(engine, namespace);
  }

  async start<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    options?: StartOptions<In>,
  ): Promise<RunHandle<Out, M>> {
    const settings: StartSettings & { readonly input?: unknown } = options ?? {};
    const request = startRequest(this.namespace, workflow.code, settings, this.#now());
    const traced = withTrace(request.headers, this.#trace?.() ?? {});
    const { runId } = await this.#engine.start({ ...request, ...traced });
    return this.#handle(workflow, runId, settings.id);
  }

  async startMany<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    items: readonly StartOptions<In>[],
  ): Promise<readonly StartedItem<Out, M>[]> {
    const headers = this.#trace?.() ?? {};
    const prepared = items.map((item) => this.#prepare(workflow.code, item, headers));
    const results = await startAll(this.#engine, this.namespace, prepared);
    return results.map((result, i) => {
      if (result instanceof PerdureError) return { error: result };
      const { runId, existing } = result;
      return { run: this.#handle(workflow, runId, items[i]?.id), existing };
    });
  }

  async get<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    target: Target,
  ): Promise<RunHandle<Out, M>> {
    const found = this.#target(target);
    const runId = "runId" in found ? found.runId : await this.#engine.lookup(found.key);
    if (runId === undefined) throw noRun(target);
    const { spec } = await this.#engine.describe(runId);
    if (spec.workflow !== workflow.name) {
      const text = `run ${runId} is of workflow "${spec.workflow}", not "${workflow.name}"`;
      throw new PerdureError("conflict", `${text}; get it by its own definition`);
    }
    return this.#handle(workflow, runId, spec.key?.kind === "workflow" ? spec.key.id : undefined);
  }

  async list(options: ListOptions = {}): Promise<RunPage> {
    const { limit = PAGE_ROWS, cursor } = options;
    const query = { ...this.#query(options), limit, ...(cursor === undefined ? {} : { cursor }) };
    const { rows, cursor: next } = await this.#engine.list(query);
    return { runs: rows, ...(next === undefined ? {} : { cursor: next }) };
  }

  async count(options: Omit<ListOptions, "limit" | "cursor"> = {}): Promise<number> {
    return this.#engine.count(this.#query(options));
  }

  async signal(
    target: Target,
    name: string,
    payload?: unknown,
    options: { readonly id?: string } = {},
  ): Promise<void> {
    const encoded = encodePayload(payload, `the signal "${name}"`);
    await this.#engine.signal(this.#target(target), { name, payload: encoded, ...options });
  }

  async cancel(target: Target, reason?: string): Promise<void> {
    await this.#engine.cancel(this.#target(target), reason);
  }

  async why(target: WhyTarget): Promise<Explanation> {
    if ("object" in target) {
      const { object: name, key: id } = target;
      return this.#engine.whyKey({ namespace: this.namespace, kind: `object:${name}`, id });
    }
    const found = this.#target(target);
    return "runId" in found ? this.#engine.why(found.runId) : this.#engine.whyKey(found.key);
  }

  async publish(event: string, payload?: unknown, options: PublishOptions = {}): Promise<void> {
    const { id } = options;
    const data = matchable(payload, options.data);
    await this.#engine.publish(this.namespace, event, {
      payload: encodePayload(payload, `the event "${event}"`),
      ...(id === undefined ? {} : { id }),
      ...(data === undefined ? {} : { data }),
    });
  }

  object<H extends Handlers>(
    definition: ObjectDefinition<H>,
    key: string,
  ): ObjectProxy<H, Promise<void>> {
    const start = async (handler: AnyHandler, workflow: AnyWorkflow, input: unknown) => {
      const settings = input === undefined ? {} : { input };
      const { runId } = await this.#engine.start({
        ...startRequest(this.namespace, workflow.code, settings, this.#now()),
        key: { namespace: this.namespace, kind: `object:${definition.name}`, id: key },
        mode: handler.mode,
      });
      return this.#handle(workflow, runId, undefined);
    };
    return objectProxy(definition, {
      call: async (...args) => (await start(...args)).result(),
      send: async (...args) => void (await start(...args)),
    }) as ObjectProxy<H, Promise<void>>;
  }

  async resolvePromise(id: string, value?: unknown): Promise<void> {
    const { runId, name } = promiseOf(id);
    const payload = encodePayload(value, `the value of promise "${id}"`);
    await this.#engine.signal({ runId }, { name, payload, id: name });
  }

  async rejectPromise(id: string, error: Error | string): Promise<void> {
    const { runId, name } = promiseOf(id);
    const failure: Failure =
      typeof error === "string" ? { code: "rejected", message: error } : failureOf(error);
    await this.#engine.signal({ runId }, { name, failure, id: name });
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** A start as the engine takes it, or why it is none. */
  #prepare(
    code: WorkflowCode,
    item: StartSettings & { readonly input?: unknown },
    headers: Readonly<Record<string, string>>,
  ): Prepared {
    try {
      const { namespace: _, ...start } = startRequest(this.namespace, code, item, this.#now());
      return { ...start, ...withTrace(start.headers, headers) };
    } catch (error) {
      if (error instanceof PerdureError) return error;
      throw error;
    }
  }

  #handle<Out, M extends Messages>(
    { code }: { readonly code: WorkflowCode },
    runId: RunId,
    id: string | undefined,
  ): RunHandle<Out, M> {
    const facts = { runId, id, namespace: this.namespace, code };
    return new EngineRunHandle(this.#engine, facts) as unknown as RunHandle<Out, M>;
  }

  #target(target: Target): EngineTarget {
    if ("id" in target) return { key: workflowKey(this.namespace, target.id) };
    if (isRunId(target.runId)) return { runId: target.runId };
    throw noRun(target);
  }

  #query(options: ListOptions): Omit<Query, "limit" | "cursor"> {
    const { status, workflow, id, parent, attributes, startedAfter, startedBefore } = options;
    return {
      namespace: this.namespace,
      ...(status === undefined ? {} : { status }),
      ...(workflow === undefined
        ? {}
        : { workflow: typeof workflow === "string" ? workflow : workflow.name }),
      ...(id === undefined ? {} : { key: id }),
      ...(parent === undefined ? {} : { parent }),
      ...(attributes === undefined ? {} : { attributes }),
      ...(startedAfter === undefined ? {} : { startedAfter: momentMs(startedAfter) }),
      ...(startedBefore === undefined ? {} : { startedBefore: momentMs(startedBefore) }),
    };
  }
}

/** `<run id>/<key>`, as `ctx.promise()` gave it. */
function promiseOf(id: string): { readonly runId: RunId; readonly name: string } {
  const slash = id.indexOf("/");
  const runId = id.slice(0, slash);
  if (slash > 0 && isRunId(runId)) return { runId, name: `promise:${id.slice(slash + 1)}` };
  const advice = "give the id that ctx.promise() returned";
  throw new PerdureError("invalid-argument", `"${id}" is not the id of a promise; ${advice}`);
}

function noRun(target: Target): PerdureError {
  const name = "id" in target ? `under the id "${target.id}"` : `"${target.runId}"`;
  return new PerdureError("not-found", `there is no run ${name}; look for it with list()`);
}
