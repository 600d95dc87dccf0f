/** What a guard is, and the one that is off: apart from Node's async contexts, for every runtime. */
import type { Fiber } from "../runtime/fiber.ts";

/** `true`: the run is paused and says why. `"warn"`: the log says it. */
export type GuardMode = boolean | "warn";

export interface Guard {
  /** Runs workflow code under the mark. */
  readonly enter: <T>(fiber: Fiber, code: () => T) => T;
  /** Runs a step's function, or the engine's own code, without it. */
  readonly leave: <T>(code: () => T) => T;
  readonly close: () => void;
}

export const offGuard: Guard = {
  enter: (_fiber, code) => code(),
  leave: (code) => code(),
  close: () => undefined,
};
