/** The real world. */
/* oxlint-disable no-restricted-globals, no-restricted-properties -- the one place that may */
import type { Env } from "./env.ts";

export interface SystemEnvOptions {
  /** Default: warnings and errors to standard error. */
  readonly log?: Env["log"];
}

export function systemEnv({ log = toStandardError }: SystemEnvOptions = {}): Env {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    defer: (call) => void setImmediate(call),
    log,
  };
}

function toStandardError(
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields: Record<string, unknown> = {},
): void {
  if (level === "debug" || level === "info") return;
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`);
  process.stderr.write(`perdure ${level}: ${message}${details.join("")}\n`);
}

function shown(value: unknown): string {
  return value instanceof Error ? JSON.stringify(value.message) : (JSON.stringify(value) ?? "");
}
