/**
 * State under the run's key, as this run sees it.
 *
 * K1  The first read of a name is recorded; after it, and after a write, the run knows the value
 *     itself: while it holds the key, nobody else writes.
 */
import { PerdureError, type Payload, type RunEvent } from "@perdure/kernel";
import type { KeyedState } from "../ctx/options.ts";
import type { CancelledError } from "../errors.ts";
import { decode, encodePayload } from "../payload.ts";
import type { Fiber } from "./fiber.ts";
import { Operation } from "./operation.ts";
import type { Scope } from "./scope.ts";

/** The names of all entries are read under this name. */
const ALL = "";

export class KeyedStateView {
  readonly #fiber: Fiber;
  /** Undefined: known to be empty. */
  readonly #known = new Map<string, Payload | undefined>();
  readonly #reads = new Map<string, Promise<Payload | undefined>>();
  #isCleared = false;

  constructor(fiber: Fiber) {
    this.#fiber = fiber;
  }

  in(scope: Scope): KeyedState {
    return {
      get: async <T>(name: string) => decode(await this.#read(scope, name)) as T | undefined,
      set: (name, value) => this.#set(name, value),
      clear: (name) => this.#clear(name),
      keys: () => this.#keys(scope),
    };
  }

  async #read(scope: Scope, name: string): Promise<Payload | undefined> {
    if (scope.error) throw scope.error;
    if (this.#known.has(name)) return this.#known.get(name);
    if (this.#isCleared) return undefined;
    const value = await this.#load(scope, name);
    if (!this.#known.has(name) && !this.#isCleared) this.#known.set(name, value);
    return this.#known.get(name);
  }

  async #load(scope: Scope, name: string): Promise<Payload | undefined> {
    let read = this.#reads.get(name);
    if (!read) {
      this.#demandKey();
      read = new StateRead(this.#fiber, scope, name).promise;
      this.#reads.set(name, read);
    }
    return read;
  }

  async #keys(scope: Scope): Promise<readonly string[]> {
    if (scope.error) throw scope.error;
    const stored = this.#isCleared ? undefined : await this.#load(scope, ALL);
    const names = new Set(this.#isCleared ? [] : ((decode(stored) ?? []) as string[]));
    for (const [name, value] of this.#known) {
      if (value === undefined) names.delete(name);
      else names.add(name);
    }
    return [...names].toSorted();
  }

  #set(name: string, value: unknown): void {
    if (name === ALL) throw new PerdureError("invalid-argument", "name the state to set");
    if (value === undefined) return this.#clear(name);
    this.#demandWriter();
    const payload = encodePayload(value, `the state "${name}"`);
    this.#known.set(name, payload);
    if (this.#fiber.ask("state write", name)) return;
    const { asked: ordinal } = this.#fiber;
    this.#fiber.command({ type: "state.write", ordinal, name, value: payload });
  }

  #clear(name?: string): void {
    this.#demandWriter();
    if (name === undefined) {
      this.#isCleared = true;
      this.#known.clear();
    } else this.#known.set(name, undefined);
    if (this.#fiber.ask("state clear", name ?? "")) return;
    const { asked: ordinal } = this.#fiber;
    this.#fiber.command({ type: "state.clear", ordinal, ...(name === undefined ? {} : { name }) });
  }

  #demandKey(): void {
    if (this.#fiber.spec.key) return;
    const advice = "define it as a handler of an object, or start it with an id";
    throw new PerdureError(
      "invalid-argument",
      `this run has no key to keep state under; ${advice}`,
    );
  }

  #demandWriter(): void {
    this.#demandKey();
    if (this.#fiber.spec.mode !== "shared") return;
    const advice = "define it with handler() instead of shared()";
    throw new PerdureError("invalid-argument", `a shared handler cannot write state; ${advice}`);
  }
}

class StateRead extends Operation<Payload | undefined> {
  readonly #key: string;

  constructor(fiber: Fiber, scope: Scope, name: string) {
    super(fiber, scope);
    this.#key = fiber.operations.keyFor(`state:${name}`);
    const isRecorded = fiber.ask("value", this.#key, "", true);
    fiber.operations.open(this.#key, this);
    if (isRecorded) return;
    const opening = { key: this.#key, ordinal: fiber.asked };
    fiber.command({ type: "state.read", name, ...opening }, { echo: this.#key });
  }

  apply(event: RunEvent): boolean {
    if (event.kind !== "value.recorded") return false;
    this.fiber.operations.close(this.#key);
    return this.resolve(event.value);
  }

  /** The answer is on its way, and nobody is kept waiting by it. */
  cancel(_error: CancelledError): void {}
}
