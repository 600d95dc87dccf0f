/** The writer in a thread of its own, and lists in another one that starts with the first list. */
import type { CommitResult } from "@perdure/store";
import type { Backend } from "./backend.ts";
import { MEMORY } from "./connection.ts";
import type { SqliteOptions } from "./options.ts";
import { ThreadHandle } from "./thread-handle.ts";
import type { Call, Calls, WireCommit } from "./wire.ts";

export class ThreadBackend implements Backend {
  readonly partitions: number;
  readonly #path: string;
  readonly #writer: ThreadHandle;
  #reader: Promise<ThreadHandle> | undefined;

  static async start(path: string, options: SqliteOptions): Promise<ThreadBackend> {
    return new ThreadBackend(path, await ThreadHandle.start("writer", path, options));
  }

  private constructor(path: string, writer: ThreadHandle) {
    this.#path = path;
    this.#writer = writer;
    this.partitions = writer.partitions;
  }

  async commit(commit: WireCommit): Promise<CommitResult> {
    try {
      return (await this.#writer.commit(commit)) as CommitResult;
    } catch (error) {
      // The thread is gone, and with it the answer.
      return { type: "unknown", reason: (error as Error).message };
    }
  }

  async call<K extends keyof Calls>(
    name: K,
    ...args: Parameters<Calls[K]>
  ): Promise<ReturnType<Calls[K]>> {
    const call = { name, args } as Call;
    if (isWholeRead(call)) {
      return (await this.#writer.read(call.args[0])) as ReturnType<Calls[K]>;
    }
    const isList = name === "search" || name === "count" || name === "versions";
    const thread = isList && this.#path !== MEMORY ? await this.#listing() : this.#writer;
    return (await thread.call(call)) as ReturnType<Calls[K]>;
  }

  async close(): Promise<void> {
    await (await this.#reader)?.close();
    await this.#writer.close();
  }

  /** A long list must not stop the writer, but it sees all rows of the commits before it. */
  async #listing(): Promise<ThreadHandle> {
    await this.#writer.call({ name: "flush", args: [] });
    this.#reader ??= ThreadHandle.start("reader", this.#path, {});
    return this.#reader;
  }
}

type ReadCall = Extract<Call, { readonly name: "read" }>;

function isWholeRead(call: Call): call is ReadCall {
  return call.name === "read" && call.args[1] === undefined && call.args[2] === Infinity;
}
