/** The admin API over a real engine in memory, a worker that does what a test says, and endpoints that are told. */
import {
  createCalendar,
  Engine,
  systemEnv,
  within,
  type Activation,
  type Lease,
  type Worker,
  type WorkerSession,
} from "@perdure/engine";
import type { ActivationAnswer, KeyRef, Payload, RunEvent, RunId } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { endpoint, fakeWorld } from "../../deployments/registry.test-support.ts";
import { DeploymentRegistry } from "../../deployments/registry.ts";
import { invocationId } from "../../ids/invocation-id.ts";
import { payloadOf } from "../../projection/payloads.ts";
import { createAdmin, type Admin } from "./admin.ts";

const encoder = new TextEncoder();
export const value = (text: string): Payload => payloadOf(encoder.encode(text));

/** What is answered when a run of a workflow is activated. */
export type Script = (activation: Activation) => ActivationAnswer;

class TestWorker implements Worker {
  readonly id: string;
  readonly #scripts: ReadonlyMap<string, Script>;
  session: WorkerSession | undefined;

  constructor(id: string, scripts: ReadonlyMap<string, Script>) {
    this.id = id;
    this.#scripts = scripts;
  }

  activate(activation: Activation): void {
    const { runId, lease, spec } = activation;
    const script = this.#scripts.get(spec.workflow);
    if (script === undefined) return;
    const answer = script(activation);
    queueMicrotask(() => {
      this.session?.answer(runId, lease, answer, answer.failure !== undefined);
    });
  }

  /** Whoever has answered once has nothing more to say than that it has seen what came of it. */
  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    const through = events.findLast(({ kind }) => kind !== "activation.completed")?.seq;
    if (through === undefined) return;
    queueMicrotask(() => this.session?.answer(runId, lease, { commands: [], through }));
  }

  evict(): void {}
  runTask(): void {}
  cancelTask(): void {}

  query(): Promise<Payload> {
    return Promise.reject(new Error("not asked here"));
  }

  update(): Promise<void> {
    return Promise.reject(new Error("not asked here"));
  }
}

export const services = endpoint(
  {
    name: "Greeter",
    ty: "SERVICE",
    documentation: "Greets.",
    handlers: [
      { name: "greet", input: { required: true, contentType: "application/json" } },
      { name: "fail" },
      { name: "nap" },
      { name: "wait" },
    ],
  },
  {
    name: "Counter",
    ty: "VIRTUAL_OBJECT",
    handlers: [
      { name: "add", ty: "EXCLUSIVE" },
      { name: "get", ty: "SHARED" },
    ],
  },
  { name: "Flow", ty: "WORKFLOW", handlers: [{ name: "run", ty: "WORKFLOW" }] },
);

export interface Rig {
  readonly engine: Engine;
  readonly admin: Admin;
  readonly registry: DeploymentRegistry;
  readonly scripts: Map<string, Script>;
  /** A request to the API, in the namespace `a` unless another is named. */
  ask(method: string, path: string, body?: unknown, more?: Asking): Promise<Response>;
  /** The rows of a query. */
  sql(query: string, namespace?: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  start(target: string, more?: Starting): Promise<RunId>;
  /** Until the run's row says so. */
  until(runId: RunId, isSo: (events: readonly string[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

interface Asking {
  readonly namespace?: string;
  readonly accept?: string;
}

interface Starting {
  readonly input?: string;
  readonly namespace?: string;
  readonly startAt?: number;
  readonly idempotencyKey?: string;
}

export async function newRig(): Promise<Rig> {
  const store = new MemoryStore();
  const env = systemEnv();
  const engine = await Engine.open({
    store,
    env,
    calendar: createCalendar(),
    tuning: { drainMs: 0 },
  });
  const world = fakeWorld(engine.keyedState);
  world.endpoints.set("http://127.0.0.1:9080", services);
  const registry = await DeploymentRegistry.open({ ...world, env });
  const admin = createAdmin({
    env,
    registry,
    keys: engine.keys,
    keyOf: (runId) => engine.keyOf(runId),
    preview: async ({ service, operation, serde, body }) => ({
      contentType: "text/plain",
      body: Buffer.concat([Buffer.from(`${service} ${operation} ${serde} `), body]),
    }),
    ingressUrl: "http://127.0.0.1:8080/",
    version: "0.0.0",
  });
  const scripts = new Map<string, Script>();
  const names = ["Greeter.greet", "Greeter.fail", "Greeter.nap", "Greeter.wait"];
  const own = [...names, "Counter.add", "Counter.get", "Flow.run"];
  for (const namespace of ["a", "b"]) {
    const worker = new TestWorker(`worker-${namespace}`, scripts);
    worker.session = engine.register(worker, {
      namespace,
      queues: [{ name: "restate", workflows: own, tasks: [] }],
      taskSlots: 0,
      runSlots: 100,
      leaseMs: 0,
    });
  }
  const callerIn = (namespace: string) => ({
    engine: within(engine, { namespace, by: "ada" }),
    namespace,
    by: "ada",
  });
  const ask: Rig["ask"] = (method, path, body, { namespace = "a", accept } = {}) => {
    const request = new Request(`http://admin${path}`, {
      method,
      headers: accept === undefined ? {} : { accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return admin(request, callerIn(namespace));
  };
  return {
    engine,
    admin,
    registry,
    scripts,
    ask,
    async sql(query, namespace = "a") {
      const json = { namespace, accept: "application/json" };
      const answer = await ask("POST", "/v4/query", { query }, json);
      const body = (await answer.json()) as { rows?: []; message?: string };
      if (body.rows === undefined) throw new Error(body.message);
      return body.rows;
    },
    async start(target, { input = "1", namespace = "a", startAt, idempotencyKey } = {}) {
      const parts = target.split("/");
      const [service = "", handler = ""] = [parts[0], parts.at(-1)];
      const kind = service === "Flow" ? `workflow:${service}` : `object:${service}`;
      const key: KeyRef | undefined =
        parts.length === 3 ? { namespace, kind, id: parts[1] ?? "" } : undefined;
      const mode = service === "Flow" ? "single" : handler === "get" ? "shared" : "exclusive";
      const { runId } = await engine.start({
        namespace,
        workflow: `${service}.${handler}`,
        input: value(input),
        queue: "restate",
        retentionMs: 86_400_000,
        ...(key === undefined ? {} : { key, mode }),
        ...(startAt === undefined ? {} : { startAt }),
        ...(idempotencyKey === undefined ? {} : { attributes: { idempotencyKey } }),
      });
      return runId;
    },
    async until(runId, isSo) {
      for (let tries = 0; tries < 1_000; tries++) {
        const events = await engine.journal(runId);
        if (isSo(events.map(({ kind }) => kind))) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw new Error(`the run ${runId} did not get there`);
    },
    async close() {
      admin.close();
      registry.close();
      await engine.close();
    },
  };
}

export const inv = invocationId;
