/**
 * Messages in: signals kept for their waits, handlers of signals, queries and updates.
 *
 * N1  A signal handler takes its signals through waits, one after the other, in the order of the
 *     journal; the kernel buffers what comes earlier, so a late handler misses nothing.
 * N2  An update leaves a trace only after it was found valid. Its handler starts when
 *     `update.accepted` is applied, and is code of the run like any other.
 * N3  Queries and the validation of updates run between turns, on settled variables. These may rest
 *     on results that are on their way to disk, so the engine keeps the answer until they are there.
 */
import { PerdureError, type Failure, type Payload, type RunEventOf } from "@perdure/kernel";
import type { UpdateRequest } from "@perdure/engine";
import { failureOf } from "../failures.ts";
import { decode, encodePayload } from "../payload.ts";
import { validate } from "../schema.ts";
import type { Fiber } from "./fiber.ts";
import { nondeterminism } from "./mismatch.ts";
import { Scope } from "./scope.ts";
import { Wait } from "./wait.ts";

interface UpdateHandler {
  readonly handle: (input: unknown) => unknown;
  readonly validate: ((input: unknown) => void) | undefined;
}

interface Kept {
  readonly payload: Payload | undefined;
  readonly failure: Failure | undefined;
}

export class Inbox {
  readonly #fiber: Fiber;
  /** Signals that no wait has taken, by their seq. */
  readonly #signals = new Map<number, Kept>();
  readonly #listened = new Set<string>();
  readonly #queries = new Map<string, (input: unknown) => unknown>();
  readonly #updates = new Map<string, UpdateHandler>();
  /** Calls that wait for the fiber to settle. */
  #callers: { readonly run: () => void; readonly drop: () => void }[] = [];

  constructor(fiber: Fiber) {
    this.#fiber = fiber;
  }

  keep(event: RunEventOf<"signal.received">): void {
    this.#signals.set(event.seq, { payload: event.payload, failure: event.failure });
  }

  take(seq: number): Kept | undefined {
    const signal = this.#signals.get(seq);
    this.#signals.delete(seq);
    return signal;
  }

  onSignal(name: string, handle: (payload: unknown) => unknown): void {
    if (this.#listened.has(name)) throw registered("signal", name);
    this.#listened.add(name);
    this.#listen(name, handle).catch((error: unknown) => this.#fiber.fail(error));
  }

  /** A handler takes the signals of that name: no code stands still for them. */
  listensTo(name: string): boolean {
    return this.#listened.has(name);
  }

  onQuery(name: string, handle: (input: unknown) => unknown): void {
    if (this.#queries.has(name)) throw registered("query", name);
    this.#queries.set(name, handle);
  }

  onUpdate(name: string, handler: UpdateHandler): void {
    if (this.#updates.has(name)) throw registered("update", name);
    this.#updates.set(name, handler);
  }

  async query(name: string, input: Payload): Promise<Payload> {
    return this.#whenSettled(() => {
      const handle = this.#queries.get(name);
      if (!handle) throw unknownName("query-failed", "query", name, this.#queries);
      const { messages } = this.#fiber.code;
      const schema = messages.queries[name]?.input;
      const raw = decode(input);
      const what = `the query "${name}"`;
      const result = handle(schema ? validate(schema, raw, what, "query-failed") : raw);
      if (result instanceof Promise) {
        result.catch(() => undefined);
        const advice = "answer from variables that the workflow keeps";
        throw new PerdureError("query-failed", `the handler of ${what} must not wait; ${advice}`);
      }
      return encodePayload(result, `the answer to ${what}`);
    }, "query-failed");
  }

  async accept(update: UpdateRequest): Promise<void> {
    await this.#whenSettled(() => {
      if (this.#fiber.isOver) throw new PerdureError("update-rejected", "the run has ended");
      const handler = this.#updates.get(update.name);
      if (!handler) throw unknownName("update-rejected", "update", update.name, this.#updates);
      handler.validate?.(this.#inputOf(update));
      this.#fiber.command({ type: "update.accept", ...update });
      this.#fiber.touched();
    }, "update-rejected");
  }

  accepted(event: RunEventOf<"update.accepted">): boolean {
    const handler = this.#updates.get(event.name);
    if (!handler) {
      const message = `the journal holds the update "${event.name}" (event ${event.seq}), and the code has no handler for it any more`;
      this.#fiber.halt(nondeterminism(message));
      return false;
    }
    this.#fiber.world.enter(this.#fiber, () => void this.#handle(handler, event));
    return true;
  }

  /** The fiber has come to rest: whoever asks may be answered. */
  settled(): void {
    if (this.#callers.length === 0 || !this.#fiber.isSettled) return;
    const callers = this.#callers;
    this.#callers = [];
    for (const { run } of callers) run();
  }

  dropped(): void {
    for (const { drop } of this.#callers) drop();
    this.#callers = [];
  }

  async #listen(name: string, handle: (payload: unknown) => unknown): Promise<void> {
    const schema = this.#fiber.code.messages.signals[name];
    const shield = new Scope(undefined, true);
    for (;;) {
      const on = () => ({ type: "signal", name }) as const;
      await handle(await new Wait(this.#fiber, shield, name, on, { schema }).promise);
    }
  }

  async #handle(handler: UpdateHandler, event: RunEventOf<"update.accepted">): Promise<void> {
    const { id, name } = event;
    const fiber = this.#fiber;
    try {
      const result = await handler.handle(this.#inputOf(event));
      const schema = fiber.code.messages.updates[name]?.output;
      const what = `the answer to the update "${name}"`;
      const output = encodePayload(schema ? validate(schema, result, what) : result, what);
      this.#complete({ type: "update.complete", id, output });
    } catch (error) {
      if (!fiber.isOver) this.#complete({ type: "update.complete", id, failure: failureOf(error) });
    }
  }

  /** It opens no operation, so the journal itself says whether it was told before. */
  #complete(command: Parameters<Fiber["command"]>[0] & { readonly type: "update.complete" }): void {
    if (!this.#fiber.history.isUpdateDone(command.id)) this.#fiber.command(command);
  }

  #inputOf({ name, payload }: { readonly name: string; readonly payload: Payload }): unknown {
    const schema = this.#fiber.code.messages.updates[name]?.input;
    const raw = decode(payload);
    return schema ? validate(schema, raw, `the update "${name}"`, "update-rejected") : raw;
  }

  #whenSettled<T>(run: () => T, code: "query-failed" | "update-rejected"): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = () => {
        try {
          resolve(run());
        } catch (error) {
          reject(error instanceof PerdureError ? error : refusal(code, error));
        }
      };
      const drop = () =>
        reject(new PerdureError("unavailable", "the worker gave the run up; ask again"));
      if (this.#fiber.isOver && !this.#fiber.hasEnded) return drop();
      if (this.#fiber.isSettled) return answer();
      this.#callers.push({ run: answer, drop });
    });
  }
}

function registered(what: string, name: string): PerdureError {
  const advice = "register each name once";
  return new PerdureError("invalid-argument", `there is a ${what} handler "${name}"; ${advice}`);
}

function unknownName(
  code: "query-failed" | "update-rejected",
  what: string,
  name: string,
  known: ReadonlyMap<string, unknown>,
): PerdureError {
  const names = [...known.keys()].join(", ") || "none";
  return new PerdureError(code, `the run has no ${what} handler "${name}"; it has: ${names}`);
}

function refusal(code: "query-failed" | "update-rejected", error: unknown): PerdureError {
  const message = error instanceof Error ? error.message : String(error);
  return new PerdureError(code, message, { cause: error });
}
