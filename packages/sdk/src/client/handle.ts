/** A run, seen from outside. */
import type { EngineClient } from "@perdure/engine";
import type { Explanation, Outcome, Payload, RunEvent, RunId } from "@perdure/kernel";
import type { RunView } from "@perdure/engine";
import type { Asked, FreeName, Messages, NameOf, Sent, Told } from "../define/messages.ts";
import type { WorkflowCode } from "../define/workflow.ts";
import { RunFailedError } from "../errors.ts";
import { errorOf } from "../failures.ts";
import { decode, encodePayload } from "../payload.ts";
import { validate, type Schema } from "../schema.ts";
import type { Stored } from "../stored.ts";
import type { ForkOptions } from "./options.ts";

/** Typed by the definition of its workflow. */
export interface RunHandle<Out = unknown, M extends Messages = Messages> {
  readonly runId: RunId;
  /** The business key, if it was started under one. */
  readonly id: string | undefined;
  /** Waits for the end. A run that does not complete is a `RunFailedError` with its cause. */
  result(): Promise<Out>;
  /** Waits for the end, however it is. */
  outcome(): Promise<Outcome>;
  /** Resolves when the signal is on disk. With `id`, a second one of that id is dropped. */
  signal<N extends NameOf<M["signals"]>>(
    name: N,
    payload?: Sent<M["signals"][N]>,
    options?: { readonly id?: string },
  ): Promise<void>;
  signal<N extends string>(
    name: FreeName<M["signals"], N>,
    payload?: unknown,
    options?: { readonly id?: string },
  ): Promise<void>;
  query<N extends NameOf<M["queries"]>>(
    name: N,
    input?: Asked<M["queries"][N]>,
  ): Promise<Stored<Told<M["queries"][N]>>>;
  query<N extends string>(name: FreeName<M["queries"], N>, input?: unknown): Promise<unknown>;
  /** Resolves with the handler's answer. With `id`, a repeated call is the same update. */
  update<N extends NameOf<M["updates"]>>(
    name: N,
    input?: Asked<M["updates"][N]>,
    options?: { readonly id?: string },
  ): Promise<Stored<Told<M["updates"][N]>>>;
  update<N extends string>(
    name: FreeName<M["updates"], N>,
    input?: unknown,
    options?: { readonly id?: string },
  ): Promise<unknown>;
  /** Asks it to stop: it compensates, then closes. */
  cancel(reason?: string): Promise<void>;
  /** Closes it at once, without compensation. */
  terminate(reason?: string): Promise<void>;
  pause(message?: string): Promise<void>;
  resume(): Promise<void>;
  /** A new run with a copy of the journal up to an event. */
  fork(options: ForkOptions): Promise<RunHandle<Out, M>>;
  describe(): Promise<RunView>;
  /** What it waits for, and what a person could do about it. */
  why(): Promise<Explanation>;
  journal(options?: {
    readonly from?: number;
    readonly limit?: number;
  }): Promise<readonly RunEvent[]>;
  /** Calls for every event from now on, once it is on disk; the result stops. */
  watch(listener: (events: readonly RunEvent[]) => void): () => void;
}

/** What a handle knows of its run. */
export interface HandleFacts {
  readonly runId: RunId;
  readonly id: string | undefined;
  readonly namespace: string;
  readonly code: WorkflowCode;
}

export class EngineRunHandle implements RunHandle {
  readonly runId: RunId;
  readonly id: string | undefined;
  readonly #engine: EngineClient;
  readonly #facts: HandleFacts;

  constructor(engine: EngineClient, facts: HandleFacts) {
    this.#engine = engine;
    this.#facts = facts;
    this.runId = facts.runId;
    this.id = facts.id;
  }

  async result(): Promise<unknown> {
    const outcome = await this.#engine.outcome(this.runId);
    switch (outcome.status) {
      case "completed":
        return decode(outcome.output);
      case "continued":
        return new EngineRunHandle(this.#engine, { ...this.#facts, runId: outcome.runId }).result();
      default: {
        const { status, failure } = outcome;
        throw new RunFailedError(this.runId, status, failure, errorOf(failure));
      }
    }
  }

  async outcome(): Promise<Outcome> {
    return this.#engine.outcome(this.runId);
  }

  async signal(
    name: string,
    payload?: unknown,
    options: { readonly id?: string } = {},
  ): Promise<void> {
    checkMessage(this.#facts.code.messages.signals[name], payload, `the signal "${name}"`);
    const encoded = encodePayload(payload, `the signal "${name}"`);
    await this.#engine.signal({ runId: this.runId }, { name, payload: encoded, ...options });
  }

  async query<T = unknown>(name: string, input?: unknown): Promise<T> {
    const what = `the query "${name}"`;
    checkMessage(this.#facts.code.messages.queries[name]?.input, input, what);
    const payload = encodePayload(input, what);
    return decode(await this.#engine.query({ runId: this.runId }, name, payload)) as T;
  }

  async update<T = unknown>(
    name: string,
    input?: unknown,
    options: { readonly id?: string } = {},
  ): Promise<T> {
    const what = `the update "${name}"`;
    checkMessage(this.#facts.code.messages.updates[name]?.input, input, what);
    const payload = encodePayload(input, what);
    const target = { runId: this.runId };
    return decode(await this.#engine.update(target, name, payload, options.id)) as T;
  }

  async cancel(reason?: string): Promise<void> {
    await this.#engine.cancel({ runId: this.runId }, reason);
  }

  async terminate(reason?: string): Promise<void> {
    await this.#engine.terminate(this.runId, reason);
  }

  async pause(message?: string): Promise<void> {
    await this.#engine.pause(this.runId, message);
  }

  async resume(): Promise<void> {
    await this.#engine.resume(this.runId);
  }

  async fork(options: ForkOptions): Promise<RunHandle> {
    const { at, set, id } = options;
    const overrides: Record<string, Payload> = {};
    for (const [key, value] of Object.entries(set ?? {})) {
      overrides[key] = encodePayload(value, `the result for "${key}"`);
    }
    const { runId } = await this.#engine.fork({
      runId: this.runId,
      at,
      ...(set === undefined ? {} : { overrides }),
      ...(id === undefined
        ? {}
        : { key: { namespace: this.#facts.namespace, kind: "workflow", id } }),
    });
    return new EngineRunHandle(this.#engine, { ...this.#facts, runId, id });
  }

  async describe(): Promise<RunView> {
    return this.#engine.describe(this.runId);
  }

  async why(): Promise<Explanation> {
    return this.#engine.why(this.runId);
  }

  async journal(
    options: { readonly from?: number; readonly limit?: number } = {},
  ): Promise<readonly RunEvent[]> {
    return this.#engine.journal(this.runId, options.from, options.limit);
  }

  watch(listener: (events: readonly RunEvent[]) => void): () => void {
    return this.#engine.watch(this.runId, listener);
  }
}

/** A message that the workflow would refuse is refused where it is sent. */
function checkMessage(schema: Schema | undefined, payload: unknown, what: string): void {
  if (schema) validate(schema, payload, what);
}
