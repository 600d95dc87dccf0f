/**
 * One call from its beginning to its answer, whichever door it came through: it is given an id, its
 * errors become answers, and whoever observes is told. Nothing that was thrown gets past here.
 */
import type { Env } from "@perdure/engine";
import type { PerdureError } from "@perdure/kernel";
import type { RequestTrace } from "../telemetry/tracing.ts";
import type { Finished, Observer } from "./finished.ts";
import { asPerdureError } from "./refusal.ts";

/** What becomes known of a call while it is attended to. */
export type Notes = {
  -readonly [K in "operation" | "caller" | "target" | "code"]: Finished[K];
} & {
  trace?: RequestTrace;
};

export interface AttendParts {
  readonly env: Env;
  readonly newId: () => string;
  readonly observe: Observer;
}

interface HasStatus {
  readonly status: number;
}

export interface Attended<A extends HasStatus> {
  readonly answer: A;
  readonly requestId: string;
  /** The answer says no. */
  readonly error?: PerdureError;
}

/** `refused`: what an error looks like through this door. */
export async function attend<A extends HasStatus>(
  { env, newId, observe }: AttendParts,
  from: Pick<Finished, "method" | "address">,
  work: (requestId: string, notes: Notes) => Promise<A>,
  refused: (error: PerdureError) => A,
): Promise<Attended<A>> {
  const began = env.monotonic();
  const requestId = newId();
  const notes: Notes = {
    operation: undefined,
    caller: undefined,
    target: undefined,
    code: undefined,
  };
  let answer: A;
  let error: PerdureError | undefined;
  try {
    answer = await work(requestId, notes);
  } catch (thrown) {
    error = asPerdureError(thrown, requestId);
    if (error !== thrown) env.log("error", "a request failed", { requestId, error: thrown });
    notes.code = error.code;
    answer = refused(error);
  }
  const { operation, caller, target, code, trace } = notes;
  const { status } = answer;
  const durationMs = env.monotonic() - began;
  const { method, address } = from;
  const told = { requestId, operation, caller, method, status, code, target, address, durationMs };
  observe(told);
  trace?.end(told);
  return { answer, requestId, ...(error === undefined ? {} : { error }) };
}
