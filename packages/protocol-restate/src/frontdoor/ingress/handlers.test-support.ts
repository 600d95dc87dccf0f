/** An engine with an ingress before it, and a worker that plays the handlers of a deployment. */
import {
  createCalendar,
  Engine,
  systemEnv,
  within,
  type Activation,
  type Worker,
  type WorkerSession,
} from "@perdure/engine";
import type { Command, Payload, RunEvent, RunId } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { DeploymentRegistry } from "../../deployments/registry.ts";
import { endpoint, fakeWorld } from "../../deployments/registry.test-support.ts";
import type { DoorCaller } from "./door-caller.ts";
import { createIngress, type Ingress } from "./ingress.ts";

const encoder = new TextEncoder();

const json = {
  input: { contentType: "application/json" },
  output: { contentType: "application/json" },
};

const services = endpoint(
  {
    name: "Greeter",
    ty: "SERVICE",
    handlers: [
      { name: "echo", ...json },
      { name: "headers", ...json },
      { name: "fail", ...json },
      { name: "wait", ...json },
      { name: "needs", input: { required: true, contentType: "text/*" } },
      { name: "empty", output: { contentType: "text/plain", setContentTypeIfEmpty: false } },
      { name: "raw", output: { contentType: "image/png" } },
      { name: "hidden", ingressPrivate: true },
      { name: "send" },
    ],
  },
  {
    name: "shop.Cart",
    ty: "VIRTUAL_OBJECT",
    handlers: [
      { name: "echo", ...json },
      { name: "wait", ...json },
      { name: "send", ...json },
      { name: "peek", ty: "SHARED", ...json },
    ],
  },
  {
    name: "Order",
    ty: "WORKFLOW",
    journalRetention: 1_000,
    handlers: [
      { name: "run", workflowCompletionRetention: 5_000, ...json },
      { name: "peek", ty: "SHARED", ...json },
    ],
  },
);

const names = [
  ...["echo", "headers", "fail", "wait", "needs", "empty", "raw", "send"].map(
    (name) => `Greeter.${name}`,
  ),
  ...["echo", "wait", "send", "peek"].map((name) => `shop.Cart.${name}`),
  "Order.run",
  "Order.peek",
];

/** What each handler does, by the end of its name. `wait` and `run` end with the signal `#17`. */
function commandsOf({ spec, events }: Activation): readonly Command[] {
  const handler = spec.workflow.slice(spec.workflow.lastIndexOf(".") + 1);
  switch (handler) {
    case "headers":
      return [{ type: "run.complete", output: jsonOf(spec.headers ?? {}) }];
    case "fail": {
      const failure = {
        code: "409",
        message: "nope",
        details: jsonOf([{ key: "why", value: "taken" }]),
      };
      return [{ type: "run.fail", failure }];
    }
    case "empty":
      return [{ type: "run.complete", output: { encoding: "json", data: new Uint8Array() } }];
    case "wait":
    case "run":
      return waiting(events);
    default:
      return [{ type: "run.complete", output: spec.input }];
  }
}

function waiting(events: readonly RunEvent[]): readonly Command[] {
  const signal = events.find((event) => event.kind === "signal.received");
  if (signal?.failure !== undefined) return [{ type: "run.fail", failure: signal.failure }];
  if (signal !== undefined) {
    return [{ type: "run.complete", output: signal.payload ?? jsonOf(null) }];
  }
  if (events.some(({ kind }) => kind === "wait.started")) return [];
  return [{ type: "wait.start", key: "go", ordinal: 1, on: { type: "signal", name: "#17" } }];
}

function jsonOf(value: unknown): Payload {
  return { encoding: "json", data: encoder.encode(JSON.stringify(value)) };
}

class Handlers implements Worker {
  readonly id = "handlers";
  readonly #held = new Map<RunId, Activation>();
  session: WorkerSession | undefined;

  activate(activation: Activation): void {
    this.#held.set(activation.runId, activation);
    this.#turn(activation);
  }

  deliver(runId: RunId, _: number, events: readonly RunEvent[]): void {
    const held = this.#held.get(runId);
    if (held === undefined) return;
    const more = { ...held, events: [...held.events, ...events] };
    this.#held.set(runId, more);
    this.#turn(more);
  }

  evict(runId: RunId): void {
    this.#held.delete(runId);
  }

  runTask(): void {}
  cancelTask(): void {}
  async query(_: RunId, __: number, ___: string, input: Payload): Promise<Payload> {
    return input;
  }
  async update(): Promise<void> {}

  #turn(activation: Activation): void {
    const { runId, lease, events } = activation;
    const commands = commandsOf(activation);
    setImmediate(() => {
      if (commands.length === 0) return;
      this.session?.answer(runId, lease, { commands, through: events.at(-1)?.seq ?? 0 });
    });
  }
}

export class IngressRig implements AsyncDisposable {
  readonly engine: Engine;
  readonly registry: DeploymentRegistry;
  readonly ingress: Ingress;

  private constructor(engine: Engine, registry: DeploymentRegistry) {
    this.engine = engine;
    this.registry = registry;
    this.ingress = createIngress({ registry, env: systemEnv({ log: () => undefined }) });
  }

  static async open(): Promise<IngressRig> {
    const env = systemEnv({ log: () => undefined });
    const engine = await Engine.open({ store: new MemoryStore(), env, calendar: createCalendar() });
    const worker = new Handlers();
    const queues = [
      { name: "restate", workflows: names, tasks: [] },
      { name: "default", workflows: ["hello"], tasks: [] },
      { name: "mail", workflows: ["hello", "wait"], tasks: [] },
    ];
    for (const namespace of ["shop", "other"]) {
      const options = { namespace, queues, taskSlots: 1, runSlots: 1_000, leaseMs: 0 };
      const own = namespace === "shop" ? worker : new Handlers();
      own.session = engine.register(own, options);
    }
    const world = fakeWorld(engine.keyedState);
    world.endpoints.set("http://127.0.0.1:9080", services);
    const registry = await DeploymentRegistry.open(world);
    await registry.register("shop", { uri: "http://127.0.0.1:9080" });
    return new IngressRig(engine, registry);
  }

  caller(namespace = "shop", more: Partial<DoorCaller> = {}): DoorCaller {
    const by = "key:test";
    return { engine: within(this.engine, { namespace, by }), namespace, by, ...more };
  }

  async ask(path: string, init: RequestInit = {}, caller?: DoorCaller): Promise<Response> {
    const request = new Request(`http://127.0.0.1:8080${path}`, init);
    const answer = await this.ingress(request, caller ?? this.caller());
    const { status, headers, body = null } = answer;
    return new Response(body as Uint8Array<ArrayBuffer> | string | null, { status, headers });
  }

  /** A POST of JSON; `undefined` in the answer's body: there is none. */
  async call(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await this.ask(path, {
      method: "POST",
      headers: { ...content, ...headers },
      ...init,
    });
    return read(response);
  }

  async get(path: string) {
    return read(await this.ask(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.registry.close();
    await this.engine.close();
  }
}

export async function read(response: Response) {
  const text = await response.text();
  const { status, headers } = response;
  const isJson = headers.get("content-type") === "application/json";
  return { status, headers, text, body: isJson ? (JSON.parse(text) as unknown) : undefined };
}
