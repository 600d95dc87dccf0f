/** How workers reach their node. */
import type { Prng } from "../world/prng.ts";

/**
 * `link`: the worker port itself over a connection, without any protocol. `stream`: the SDK's
 * worker on a socket of the server's host. `push`: a web app that the server's push host calls.
 */
export type WorkerKind = "link" | "stream" | "push";

const kinds: readonly WorkerKind[] = ["link", "stream", "push"];

/** What a seed's workers are: all of one kind, or each as it comes. */
export type Workers = WorkerKind | "mixed";

export const workersOf: readonly Workers[] = [...kinds, "mixed"];

export function drawKind(workers: Workers, prng: Prng): WorkerKind {
  return workers === "mixed" ? prng.pick(kinds) : workers;
}
