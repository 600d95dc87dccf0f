/** The words for code that is not the code that wrote the journal. */
import { FailureCode, type Failure } from "@perdure/kernel";
import type { AskKind, Recorded } from "./history.ts";

export interface Ask {
  readonly kind: AskKind;
  readonly key: string;
  readonly detail: string;
}

/** How code and journal differ. */
export type Divergence =
  /** The code asked for something else than what is recorded at that place. */
  | {
      readonly type: "other";
      readonly ordinal: number;
      readonly recorded: Recorded | undefined;
      readonly asked: Ask;
    }
  /** The code came to its end, or to rest, before it had asked for all that is recorded. */
  | {
      readonly type: "unasked";
      readonly ordinal: number;
      readonly recorded: Recorded | undefined;
      readonly how: "ended" | "came to rest";
    }
  /** Something that no journal records has woken the code. */
  | { readonly type: "strayed"; readonly asked: Ask };

export function divergenceFailure(divergence: Divergence): Failure {
  switch (divergence.type) {
    case "other":
      return mismatch(divergence);
    case "unasked":
      return unasked(divergence);
    case "strayed":
      return strayed(divergence.asked);
  }
}

type DivergenceOf<T> = Extract<Divergence, { type: T }>;

function mismatch({ ordinal, recorded, asked }: DivergenceOf<"other">): Failure {
  const was = recorded
    ? `${describe(recorded)} (event ${recorded.event.seq})`
    : "nothing at this place, though it goes on after it";
  return nondeterminism(
    [
      `operation ${ordinal} differs from the journal`,
      `  recorded: ${was}`,
      `  asked:    ${describe(asked)}`,
      ...sourceLine(),
      advice,
    ].join("\n"),
  );
}

function unasked({ ordinal, recorded, how }: DivergenceOf<"unasked">): Failure {
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

function strayed(ask: Ask): Failure {
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

/** `step "charge"`, as people read it. */
export function describe({ kind, key, detail }: Ask): string {
  const name = key === "" ? kind : `${kind} "${key}"`;
  return detail === "" ? name : `${name} (${detail})`;
}

export function sourceLine(): readonly string[] {
  const frame = sourceOf(stackHere());
  return frame === undefined ? [] : [`  at:       ${frame}`];
}

/** Cheap to make: its text is made when `sourceOf` looks at it. */
export function stackHere(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const stack = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

/** Frames of this package and of Node are no help to whoever wrote the workflow. */
export function sourceOf({ stack }: Error): string | undefined {
  const frames = (stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return frames
    .find((line) => !isOurs(line))
    ?.trim()
    .replace(/^at /, "");
}

const here = new URL("../", import.meta.url).href;

function isOurs(frame: string): boolean {
  if (frame.includes("node:") || frame.includes("<anonymous>")) return true;
  if (!frame.includes(here) && !frame.includes(new URL(here).pathname)) return false;
  return !/\.test(-support)?\.ts/.test(frame);
}
