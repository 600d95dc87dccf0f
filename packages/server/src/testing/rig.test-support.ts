/** A server on a free port, with a worker and keys, and a client that checks what it answers. */
import { systemEnv } from "@perdure/engine";
import { operations, type Operation } from "@perdure/wire";
import { MemoryAccessStore } from "../access/access-store.ts";
import { ApiKeys } from "../access/api-keys.ts";
import type { Role } from "../access/roles.ts";
import { checkInput } from "../http/input.ts";
import { apiRoutes } from "../openapi/api.ts";
import { startServer, type RunningServer, type ServerOptions } from "../start.ts";
import { TinyWorker } from "./tiny-worker.test-support.ts";

/** What tests look for in answers, of whichever operation. */
export interface Answer {
  readonly [name: string]: unknown;
  readonly runId: string;
  readonly error: { readonly code: string; readonly message: string };
  readonly events: readonly { readonly seq: number; readonly kind: string }[];
  readonly rows: readonly { readonly runId: string }[];
  readonly cursor?: string;
  readonly waiting: unknown;
  readonly outcome: { readonly status: string; readonly output: { readonly text: string } };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined: there is no body. */
  readonly body: Answer;
}

export interface CallOptions {
  readonly key?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const schemas = new Map(apiRoutes().map(({ operation, answer }) => [operation, answer]));

/** Every answer in every test is what the document says it is. */
function checkAnswer(operation: Operation, body: unknown): void {
  const schema = schemas.get(operation);
  if (schema) checkInput(schema, body, `the answer of ${operation}`);
}

export const quiet = systemEnv({ log: () => undefined });

export class Rig implements AsyncDisposable {
  readonly server: RunningServer;
  /** Of an admin of the whole server. */
  readonly admin: string;
  readonly worker: TinyWorker;

  private constructor(server: RunningServer, admin: string) {
    this.server = server;
    this.admin = admin;
    this.worker = new TinyWorker(server.engine);
  }

  /** With an `adminKey`, keys are kept in the engine's store. */
  static async open(options: Partial<ServerOptions> = {}): Promise<Rig> {
    const { adminKey } = options;
    const base = { store: "memory:", port: 0, env: quiet };
    if (adminKey) return new Rig(await startServer({ ...base, ...options }), adminKey);
    const access = new MemoryAccessStore();
    const keys = new ApiKeys({ store: access, now: () => quiet.now(), log: () => undefined });
    const { secret } = await keys.create({ namespace: "*", role: "admin" }, "test");
    return new Rig(await startServer({ ...base, access, ...options }), secret);
  }

  async key(role: Role, namespace = "default"): Promise<string> {
    return (await this.server.apiKeys.create({ namespace, role }, "test")).secret;
  }

  url(operation: Operation, { params = {}, query = {} }: CallOptions = {}): string {
    const path = operations[operation].path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      return encodeURIComponent(params[name] ?? name);
    });
    const search = new URLSearchParams(query).toString();
    return `${this.server.url}${path}${search ? `?${search}` : ""}`;
  }

  async fetch(operation: Operation, options: CallOptions = {}): Promise<Response> {
    const { key = this.admin, body, headers = {}, signal } = options;
    return fetch(this.url(operation, options), {
      method: operations[operation].method,
      headers: {
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      redirect: "manual",
    });
  }

  async call(operation: Operation, options: CallOptions = {}): Promise<Reply> {
    const response = await this.fetch(operation, options);
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    if (response.ok && body !== undefined) checkAnswer(operation, body);
    return { status: response.status, headers: response.headers, text, body: body as Answer };
  }

  async start(workflow: string, more: object = {}, key = this.admin): Promise<string> {
    const body = { workflow, queue: "main", input: { value: "hi" }, ...more };
    const { body: started, text } = await this.call("runs.start", { body, key });
    if (started?.runId === undefined) throw new Error(`no run was started: ${text}`);
    return started.runId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}
