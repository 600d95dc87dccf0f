/**
 * The world, as an argument. Nothing in the engine imports a clock, a random source or a timer:
 * production hands in `systemEnv`, the simulator hands in a virtual one, and the same code runs.
 */
export interface Env {
  /** Ms since epoch, UTC. May jump; the engine never lets a stream's time go back. */
  now(): number;
  /** Ms from any origin, never going back: for leases and latencies. */
  monotonic(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Calls once after `ms`; the result cancels. */
  after(ms: number, call: () => void): () => void;
  /** Calls soon, after all promise reactions that are ready have run (`setImmediate`). */
  defer(call: () => void): void;
  log(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields?: Record<string, unknown>,
  ): void;
}
