/** An operation the code has asked for and whose outcome it may await. */
import type { RunEvent } from "@perdure/kernel";
import type { CancelledError } from "../errors.ts";
import type { Fiber } from "./fiber.ts";
import type { Scope } from "./scope.ts";

export interface InProgress {
  readonly key: string;
  readonly since: number;
}

/** What a fiber sees of an operation, whatever its result. */
export interface OpenOperation {
  readonly promise: Promise<unknown>;
  readonly scope: Scope;
  /** Its success must be known before a failed run is compensated. */
  readonly hasUndo: boolean;
  readonly isSettled: boolean;
  /** What it is in the middle of, and since when (ms since epoch). */
  readonly inProgress: InProgress | undefined;
  /** Takes an event of its key; true when the code may go on. */
  apply(event: RunEvent): boolean;
  /** Its scope was cancelled. */
  cancel(error: CancelledError): void;
  /** The fiber is over; the code will never hear of the outcome. */
  drop(): void;
}

export abstract class Operation<T> implements OpenOperation {
  readonly promise: Promise<T>;
  readonly scope: Scope;
  readonly hasUndo: boolean = false;
  protected readonly fiber: Fiber;
  #resolve: (value: T) => void = unset;
  #reject: (error: Error) => void = unset;
  #isSettled = false;

  constructor(fiber: Fiber, scope: Scope) {
    this.fiber = fiber;
    this.scope = scope;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get inProgress(): InProgress | undefined {
    return undefined;
  }

  abstract apply(event: RunEvent): boolean;

  abstract cancel(error: CancelledError): void;

  drop(): void {}

  protected resolve(value: T): true {
    this.#isSettled = true;
    this.#resolve(value);
    return true;
  }

  protected reject(reason: Error): true {
    this.#isSettled = true;
    // Code may look at the promise later, or never: that must not end the process.
    this.promise.catch(() => undefined);
    this.#reject(reason);
    return true;
  }
}

function unset(): void {}
