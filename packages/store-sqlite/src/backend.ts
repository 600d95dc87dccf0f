/** Where the writer runs: in the calling thread, or in one of its own. */
import type { CommitResult } from "@perdure/store";
import type { InlineOptions } from "./options.ts";
import type { Call, Calls, WireCommit } from "./wire.ts";
import { Writer } from "./writer.ts";

export interface Backend {
  readonly partitions: number;
  commit(commit: WireCommit): Promise<CommitResult>;
  call<K extends keyof Calls>(
    name: K,
    ...args: Parameters<Calls[K]>
  ): Promise<ReturnType<Calls[K]>>;
  close(): Promise<void>;
}

/** Asks a writer or a reader for what a call names. */
export function perform(target: Partial<Calls>, { name, args }: Call): unknown {
  const method = target[name] as ((...args: readonly unknown[]) => unknown) | undefined;
  if (method === undefined) throw new TypeError(`there is nobody for ${name} here`);
  return method.apply(target, args);
}

/** Synchronous inside: every call has been carried out when its promise is returned. */
export class InlineBackend implements Backend {
  readonly partitions: number;
  readonly #writer: Writer;

  constructor(path: string, options: InlineOptions) {
    this.#writer = new Writer(path, options);
    this.partitions = this.#writer.partitions;
  }

  async commit(commit: WireCommit): Promise<CommitResult> {
    const [result] = this.#writer.commit([commit]);
    if (result === undefined) throw new TypeError("a commit was not answered");
    return result;
  }

  async call<K extends keyof Calls>(
    name: K,
    ...args: Parameters<Calls[K]>
  ): Promise<ReturnType<Calls[K]>> {
    return perform(this.#writer, { name, args } as Call) as ReturnType<Calls[K]>;
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}
