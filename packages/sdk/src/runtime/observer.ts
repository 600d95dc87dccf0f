/** Watches fibers at their work: for the check and the crash test. In production there is none. */
import type { Failure } from "@perdure/kernel";
import type { Fiber } from "./fiber.ts";
import type { Ask, Divergence } from "./mismatch.ts";

export interface Observer {
  /** The code asks, and is still on the stack; not yet compared with the journal. */
  asked?(fiber: Fiber, ordinal: number, ask: Ask): void;
  /** A step that has an `undo` has succeeded. */
  undoable?(fiber: Fiber, key: string): void;
  /** The fiber gives up: the journal and the code do not agree, or the code cannot be run. */
  halted?(fiber: Fiber, failure: Failure, divergence: Divergence | undefined): void;
}
