/**
 * Runs all promise reactions that are ready, synchronously.
 *
 * The code under test is ordinary `async` code. Draining with `setImmediate` between two events
 * costs most of a simulation's time; the engine of JavaScript can do it in a call. It only works
 * from a macrotask: a simulation is one synchronous function that `setImmediate` calls.
 */
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";

setFlagsFromString("--allow-natives-syntax");

export const drainMicrotasks = runInThisContext(
  "(function drain() { %PerformMicrotaskCheckpoint(); })",
) as () => void;

/** Runs `simulate` where draining works. */
export function inMacrotask<T>(simulate: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(simulate());
      } catch (error) {
        reject(error);
      }
    });
  });
}
