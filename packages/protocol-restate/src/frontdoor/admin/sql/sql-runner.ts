/**
 * Has queries answered by a process of their own, one at a time.
 *
 * R1  A query that takes longer than `limits.sqlMs` costs its process, and nothing else.
 * R2  The process is started when it is needed and ends when it has had nothing to do for a while,
 *     or with its starter.
 * R3  Every query that was taken is answered: by rows, or by an error.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { restateLimits } from "../../../limits.ts";
import type { SqlAnswer, SqlColumn, SqlJob, SqlValue } from "./sql-job.ts";
import { unknownTable } from "./statement.ts";

export interface SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
}

type Wanted = Pick<SqlJob, "sql" | "tables">;

interface Waiting {
  readonly wanted: Wanted;
  readonly resolve: (result: SqlResult) => void;
  readonly reject: (error: PerdureError) => void;
}

interface Running extends Waiting {
  readonly id: number;
  readonly cancel: () => void;
}

/** The process ends when it has had no query for so long. */
const IDLE_MS = 30_000;

const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "./sql-process.ts" : "./sql-process.js",
    import.meta.url,
  ),
);

export class SqlRunner {
  readonly #env: Env;
  readonly #queue: Waiting[] = [];
  #child: ChildProcess | undefined;
  #running: Running | undefined;
  #cancelIdle: () => void = () => undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(env: Env) {
    this.#env = env;
  }

  run(wanted: Wanted): Promise<SqlResult> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#queue.length >= restateLimits.sqlQueue) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      this.#queue.push({ wanted, resolve, reject });
      this.#next();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#end(closed());
    for (const { reject } of this.#queue.splice(0)) reject(closed());
  }

  #next(): void {
    const waiting = this.#running === undefined ? this.#queue.shift() : undefined;
    if (waiting === undefined) return;
    this.#cancelIdle();
    const id = this.#nextId++;
    const cancel = this.#env.after(restateLimits.sqlMs, () => this.#end(late()));
    this.#running = { ...waiting, id, cancel };
    const { sqlRows: maxRows, sqlBytes: maxBytes } = restateLimits;
    const now = new Date(this.#env.now()).toISOString();
    const job: SqlJob = { id, ...waiting.wanted, now, maxRows, maxBytes };
    const child = (this.#child ??= this.#start());
    child.send(job, (error) => {
      if (error !== null && this.#child === child) this.#end(lost());
    });
  }

  #start(): ChildProcess {
    const child = fork(entry, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // Of the starter's environment it needs nothing.
      env: {},
      execArgv: ["--no-warnings"],
    });
    child.unref();
    child.channel?.unref();
    child.on("message", (answer) => this.#take(answer as SqlAnswer));
    child.on("error", () => this.#gone(child));
    child.on("exit", () => this.#gone(child));
    return child;
  }

  #take(answer: SqlAnswer): void {
    const running = this.#running;
    if (running?.id !== answer.id) return;
    this.#running = undefined;
    running.cancel();
    const { columns, rows, error } = answer;
    if (columns !== undefined && rows !== undefined) running.resolve({ columns, rows });
    else running.reject(refused(error ?? "it could not be answered"));
    if (this.#queue.length === 0) this.#rest();
    this.#next();
  }

  #rest(): void {
    this.#cancelIdle = this.#env.after(IDLE_MS, () => {
      if (this.#running === undefined) this.#end(closed());
    });
  }

  /** Ends the process, and the query that it was at. */
  #end(error: PerdureError): void {
    this.#cancelIdle();
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    this.#fail(error);
  }

  #gone(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#fail(lost());
  }

  #fail(error: PerdureError): void {
    const running = this.#running;
    this.#running = undefined;
    running?.cancel();
    running?.reject(error);
    if (!this.#isClosed) this.#next();
  }
}

/** SQLite's words, in those of whoever asked. */
function refused(words: string): PerdureError {
  if (words.startsWith("limit: ")) {
    const text = `The answer has ${words.slice(7)}: ask for less, with WHERE or LIMIT.`;
    return new PerdureError("limit-exceeded", text);
  }
  const table = /no such table: (\S+)/.exec(words)?.[1];
  if (table !== undefined) return unknownTable(table);
  const isMemory = words.includes("out of memory");
  const code = isMemory ? "limit-exceeded" : "invalid-argument";
  const next = isMemory ? "ask for less" : "correct it, and send it again";
  return new PerdureError(code, `The query was refused (${words.slice(0, 500)}): ${next}.`);
}

function late(): PerdureError {
  const text = `The query took longer than ${restateLimits.sqlMs} ms: ask for less.`;
  return new PerdureError("limit-exceeded", text);
}

function lost(): PerdureError {
  const text = "The query ended the process that answers queries: ask for less.";
  return new PerdureError("limit-exceeded", text);
}

function busy(): PerdureError {
  return new PerdureError("overloaded", "Too many queries wait for their turn: try later.");
}

function closed(): PerdureError {
  return new PerdureError("closed", "The server closes and answers no more queries.");
}
