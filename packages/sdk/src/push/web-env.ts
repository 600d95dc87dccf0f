/** The world in any runtime that speaks the web's interfaces: Node, Bun, Deno, edge functions. */
import type { Env } from "@perdure/engine";
import type { LogSink } from "../ctx/log.ts";

/** Log lines below `warn` are dropped unless a sink of yours takes them. */
export function webEnv(log: LogSink = toConsole): Env {
  const { setImmediate: soon } = globalThis as { setImmediate?: (call: () => void) => unknown };
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    // Both run after every promise reaction that is ready, which is all that is asked.
    defer: (call) => void (soon ? soon(call) : setTimeout(call, 0)),
    log,
  };
}

function toConsole(
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields: Record<string, unknown> = {},
): void {
  if (level === "debug" || level === "info") return;
  console[level](`perdure ${level}: ${message}`, fields);
}
