/** Calls over a connection: what was not answered when it is cut fails as `unavailable`. */
import { PerdureError } from "@perdure/kernel";
import type { Process } from "../world/process.ts";
import type { Connection } from "./connection.ts";

export class Rpc {
  readonly #connection: Connection;
  readonly #near: Process;
  readonly #far: Process;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOver = false;

  constructor(connection: Connection, near: Process, far: Process) {
    this.#connection = connection;
    this.#near = near;
    this.#far = far;
  }

  /** Without an answer. */
  tell(action: () => void): void {
    this.#connection.send(this.#far, action);
  }

  call<T>(action: () => Promise<T>): Promise<T> {
    if (this.#isOver) return Promise.reject(cutError());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const back = (settle: () => void): void => {
        this.#connection.send(this.#near, () => {
          this.#waiting.delete(reject);
          settle();
        });
      };
      this.#connection.send(this.#far, () => {
        action().then(
          (value) => back(() => resolve(value)),
          (error: unknown) => back(() => reject(error)),
        );
      });
    });
  }

  /** This end knows that the connection is gone. */
  end(): void {
    this.#isOver = true;
    for (const reject of this.#waiting) reject(cutError());
    this.#waiting.clear();
  }
}

function cutError(): PerdureError {
  return new PerdureError("unavailable", "The simulated connection is gone.");
}
