/** What is said of attempts that went wrong on the wire. */
import type { PerdureError } from "@perdure/kernel";
import { pauseForCode, type AttemptFailure } from "./failure.ts";

export function unexpected(type: string, why: string): AttemptFailure {
  const text = `the endpoint broke the protocol: it sent the message "${type}", and ${why}`;
  return { code: "RT0012", message: `[RT0012] ${text}` };
}

export function pastEnd(): AttemptFailure {
  const text = "the endpoint broke the protocol: it sent more after its last message";
  return { code: "RT0012", message: `[RT0012] ${text}` };
}

/** `error`: a frame's. */
export function unreadable(error: PerdureError): AttemptFailure {
  if (error.code !== "limit-exceeded") {
    return {
      code: "RT0012",
      message: `[RT0012] the endpoint broke the protocol: ${error.message}`,
    };
  }
  // The same code makes the same value again.
  return { code: "RT0003", message: `[RT0003] ${error.message}`, next: pauseForCode };
}

/** The answer is over, and there was no terminator. */
export function stopped(seen: {
  readonly hasFrames: boolean;
  readonly isTorn: boolean;
}): AttemptFailure {
  const where = seen.isTorn ? "in the middle of a message" : "without End, Suspension or Error";
  const hint = seen.hasFrames
    ? "the process may have been stopped"
    : "it sent no message at all, so its SDK may not have begun: look at the endpoint's log";
  return { code: "RT0010", message: `[RT0010] the endpoint's answer ended ${where}: ${hint}` };
}

/** The abort timeout has passed. */
export function late(seen: {
  readonly closure: { readonly name: string; readonly sinceMs: number } | undefined;
  readonly hasFrames: boolean;
  readonly ms: number;
}): AttemptFailure {
  const { closure, hasFrames } = seen;
  const ms = Math.round(seen.ms);
  return { code: "RT0001", message: `[RT0001] ${reason()}` };

  function reason(): string {
    if (closure !== undefined) {
      const sinceMs = Math.round(closure.sinceMs);
      return `the closure of run "${closure.name}" has been running for ${sinceMs} ms, longer than the abort timeout allows: give it a timeout of its own, or raise the handler's abortTimeout`;
    }
    if (!hasFrames) {
      return `no message at all came in the ${ms} ms since the attempt began: the SDK has not run the handler (the current TypeScript SDK needs Node 22 or later), or the handler blocks before its first ctx call`;
    }
    return `the handler neither went on nor suspended within the abort timeout (${ms} ms since the attempt began): something outside of ctx.run blocks it`;
  }
}
