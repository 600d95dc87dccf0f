/**
 * Catches, in development, what would not replay: clocks, chance, timers and `fetch` called from
 * workflow code instead of from a step.
 *
 * Workflow code is marked by an async context. The functions in question are replaced while any
 * guard is on; called under the mark they speak up, called elsewhere they are what they were.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { LogSink } from "../ctx/log.ts";
import type { Fiber } from "../runtime/fiber.ts";
import { nondeterminism, sourceLine } from "../runtime/mismatch.ts";
import { install } from "./globals.ts";
import { offGuard, type Guard, type GuardMode } from "./off-guard.ts";

interface Mark {
  readonly fiber: Fiber;
  readonly mode: GuardMode;
  readonly log: LogSink;
}

/** One for all guards: the replaced functions are those of the whole process. */
const marks = new AsyncLocalStorage<Mark | undefined>();

export function openGuard(mode: GuardMode, log: LogSink): Guard {
  if (mode === false) return offGuard;
  const uninstall = install(caught);
  return {
    enter: (fiber, code) => marks.run({ fiber, mode, log }, code),
    leave: (code) => marks.run(undefined, code),
    close: uninstall,
  };
}

/** Returns when the call is none of the guard's business, or only worth a warning. */
function caught(what: string, instead: string): void {
  const mark = marks.getStore();
  if (!mark || mark.fiber.isOver) return;
  const message = [`${what} was called from workflow code: use ${instead}`, ...sourceLine()];
  if (mark.mode === "warn") {
    const { runId } = mark.fiber;
    marks.run(undefined, () => mark.log("warn", message.join("\n"), { runId }));
    return;
  }
  message.push("A replay would see another value. Change the code, then resume the run.");
  throw marks.run(undefined, () => mark.fiber.halt(nondeterminism(message.join("\n"))));
}
