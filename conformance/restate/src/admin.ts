/** The admin API, by plain requests. */
export interface Row {
  readonly [column: string]: unknown;
}

export interface Deployment {
  readonly id: string;
  readonly services: readonly { readonly name: string; readonly revision: number }[];
}

/** Whoever calls it says whether an answer that is not good is an error. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Times that it was asked for. */
  readonly attempts: number;
}

export class Admin {
  readonly #url: string;
  /** Where faults are, the server may be away for a while. */
  readonly #patienceMs: number;

  constructor(url: string, patienceMs: number) {
    this.#url = url;
    this.#patienceMs = patienceMs;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const deadline = performance.now() + this.#patienceMs;
    for (let attempts = 1; ; attempts++) {
      try {
        const reply = await fetch(`${this.#url}${path}`, {
          method,
          headers: { accept: "application/json", "content-type": "application/json" },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await reply.text();
        const isLater = reply.status >= 500 && performance.now() < deadline;
        if (!isLater) return { status: reply.status, body: parsed(text), attempts };
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As `ask`, where anything but success is an error. */
  async done(method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.ask(method, path, body);
    if (reply.status < 300) return reply.body;
    throw refused(method, path, reply);
  }

  /** One that was asked for again, as its answer was lost, may have been carried out before. */
  async kill(invocation: string): Promise<void> {
    const path = `/invocations/${invocation}/kill`;
    const reply = await this.ask("PATCH", path);
    const isDone = reply.status < 300 || (reply.status === 409 && reply.attempts > 1);
    if (!isDone) throw refused("PATCH", path, reply);
  }

  async register(uri: string, more: Record<string, unknown> = {}): Promise<Deployment> {
    return (await this.done("POST", "/deployments", { uri, ...more })) as Deployment;
  }

  async query(sql: string): Promise<readonly Row[]> {
    const { rows } = (await this.done("POST", "/query", { query: sql })) as {
      readonly rows: readonly Row[];
    };
    return rows;
  }

  /** One invocation's row; undefined if there is none. */
  async invocation(id: string, columns = "id, status"): Promise<Row | undefined> {
    const rows = await this.query(`SELECT ${columns} FROM sys_invocation WHERE id = '${id}'`);
    return rows[0];
  }

  async statusOf(id: string): Promise<unknown> {
    return (await this.invocation(id))?.["status"];
  }
}

function refused(method: string, path: string, { status, body }: Reply): Error {
  return new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
