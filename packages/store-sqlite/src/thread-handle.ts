/**
 * The calling side of one thread.
 *
 * 1. Every request is answered: when the thread dies, all that wait are told, and all later ones.
 * 2. What is asked for in one go is sent as one message: handing one over costs more than most of
 *    what is asked for.
 */
import { Worker } from "node:worker_threads";
import { ChurnMap, PerdureError, type StreamId } from "@perdure/kernel";
import type { CommitResult } from "@perdure/store";
import type { Answer, Ready, Request, ThreadData } from "./messages.ts";
import type { SqliteOptions } from "./options.ts";
import { unpackStreams } from "./packed-streams.ts";
import { fromWireError, toWireError } from "./wire-error.ts";
import type { Call, WireCommit } from "./wire.ts";

interface Waiter {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const DONE: CommitResult = { type: "done" };

/** Its own source when this file runs from source, what was built of it otherwise. */
const entry = new URL(
  `./store-thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

export class ThreadHandle {
  readonly partitions: number;
  readonly #worker: Worker;
  readonly #waiters = new ChurnMap<number, Waiter>();
  /** Asked for in the turn under way, and the memory that goes with it. */
  #unsent: Request[] = [];
  #transfer: ArrayBuffer[] = [];
  #nextId = 1;
  #closing = false;
  #dead: PerdureError | undefined;

  static start(
    role: ThreadData["role"],
    path: string,
    options: SqliteOptions,
  ): Promise<ThreadHandle> {
    const worker = new Worker(entry, { workerData: { role, path, options } satisfies ThreadData });
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (ready: Ready) => {
        worker.off("error", reject);
        if ("partitions" in ready) return resolve(new ThreadHandle(worker, ready.partitions));
        worker.terminate().then(() => reject(fromWireError(ready.error)), reject);
      });
    });
  }

  private constructor(worker: Worker, partitions: number) {
    this.partitions = partitions;
    this.#worker = worker;
    worker.on("message", (answers: readonly Answer[]) => this.#take(answers));
    worker.on("error", (cause) => this.#die(cause));
    worker.on("exit", () => this.#die(undefined));
    worker.unref();
  }

  commit(commit: WireCommit): Promise<unknown> {
    const { segment, housekeeping } = commit;
    const transfer = [segment.buffer as ArrayBuffer];
    if (housekeeping?.bytes !== undefined) transfer.push(housekeeping.bytes.buffer as ArrayBuffer);
    return this.#ask((id) => this.#unsent.push({ type: "commit", id, commit }), transfer);
  }

  call(call: Call): Promise<unknown> {
    return this.#ask((id) => this.#unsent.push({ type: "call", id, call }));
  }

  /** The whole stream. Those that are asked for one after the other are one request. */
  read(stream: StreamId): Promise<unknown> {
    return this.#ask((id) => {
      const last = this.#unsent.at(-1);
      if (last?.type === "reads") last.streams.push(stream);
      else this.#unsent.push({ type: "reads", id, streams: [stream] });
    });
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    const gone = new Promise((resolve) => this.#worker.once("exit", resolve));
    const closed = this.#ask((id) => this.#unsent.push({ type: "close", id }));
    this.#closing = true;
    await closed;
    await gone;
  }

  #ask(add: (id: number) => void, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    // A thread that owes an answer keeps the process alive; one that rests does not.
    if (this.#waiters.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      this.#transfer.push(...transfer);
      if (this.#unsent.length === 0) queueMicrotask(() => this.#send());
      add(id);
    });
  }

  #send(): void {
    const requests = this.#unsent;
    const transfer = this.#transfer;
    this.#unsent = [];
    this.#transfer = [];
    if (this.#dead !== undefined) return;
    try {
      this.#worker.postMessage(requests, transfer);
    } catch (cause) {
      // One of them holds what cannot change threads, and none has gone.
      const text = "What was asked for cannot be handed to the store's thread: send plain data.";
      const error = toWireError(new PerdureError("invalid-argument", text, { cause }));
      this.#take(requests.flatMap(idsOf).map((id) => ({ id, error })));
    }
  }

  #take(answers: readonly Answer[]): void {
    for (const answer of answers) {
      if ("done" in answer) {
        for (const id of answer.done) this.#waiterOf(id)?.resolve(DONE);
      } else if ("streams" in answer) {
        for (const [i, stream] of unpackStreams(answer.streams).entries()) {
          this.#waiterOf(answer.id + i)?.resolve(stream);
        }
      } else if ("error" in answer) {
        this.#waiterOf(answer.id)?.reject(fromWireError(answer.error));
      } else {
        this.#waiterOf(answer.id)?.resolve(answer.value);
      }
    }
    if (this.#waiters.size === 0 && !this.#closing) this.#worker.unref();
  }

  #waiterOf(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  #die(cause: unknown): void {
    this.#dead ??= new PerdureError(
      "store-failed",
      "The store's thread has ended. Start this process again.",
      { cause },
    );
    for (const waiter of this.#waiters.values()) waiter.reject(this.#dead);
    this.#waiters.clear();
  }
}

function idsOf(request: Request): readonly number[] {
  const count = request.type === "reads" ? request.streams.length : 1;
  return Array.from({ length: count }, (_, i) => request.id + i);
}
