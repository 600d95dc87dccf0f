/** The words for code that is not the code that wrote the journal. */
import { FailureCode, type Failure } from "@perdure/kernel";
import type { AskKind, Recorded } from "./history.ts";

export interface Ask {
  readonly kind: AskKind;
  readonly key: string;
  readonly detail: string;
}

/** The code asked for something else than what is recorded at that place. */
export function mismatch(ordinal: number, recorded: Recorded | undefined, ask: Ask): Failure {
  const was = recorded
    ? `${describe(recorded)} (event ${recorded.event.seq})`
    : "nothing at this place, though it goes on after it";
  return nondeterminism(
    [
      `operation ${ordinal} differs from the journal`,
      `  recorded: ${was}`,
      `  asked:    ${describe(ask)}`,
      ...sourceLine(),
      advice,
    ].join("\n"),
  );
}

/** The code came to its end, or to rest, before it had asked for all that is recorded. */
export function unasked(ordinal: number, recorded: Recorded | undefined, how: string): Failure {
  const was = recorded
    ? `${describe(recorded)} (event ${recorded.event.seq})`
    : "a further operation";
  return nondeterminism(
    [
      `the code ${how} before operation ${ordinal}`,
      `  recorded: ${was}`,
      `  asked:    nothing`,
      advice,
    ].join("\n"),
  );
}

/** Something that no journal records has woken the code. */
export function strayed(ask: Ask): Failure {
  return nondeterminism(
    [
      `the code asked for ${describe(ask)} when nothing in the journal had woken it`,
      ...sourceLine(),
      "It was woken by a timer, a network call or another thing that a replay does not repeat, or " +
        "`ctx` was used inside of a step's function. Do such things in a step, and use `ctx` outside.",
    ].join("\n"),
  );
}

export function nondeterminism(message: string): Failure {
  return { code: FailureCode.nondeterminism, message };
}

const advice = "Put the code back, or guard the change with ctx.patched(id), then resume the run.";

function describe({ kind, key, detail }: Ask): string {
  const name = key === "" ? kind : `${kind} "${key}"`;
  return detail === "" ? name : `${name} (${detail})`;
}

/** Frames of this package and of Node are no help to whoever wrote the workflow. */
export function sourceLine(): readonly string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const frame = frames.find((line) => !isOurs(line));
  return frame === undefined ? [] : [`  at:       ${frame.trim().replace(/^at /, "")}`];
}

const here = new URL("../", import.meta.url).href;

function isOurs(frame: string): boolean {
  if (frame.includes("node:") || frame.includes("<anonymous>")) return true;
  if (!frame.includes(here) && !frame.includes(new URL(here).pathname)) return false;
  return !/\.test\.ts/.test(frame);
}
