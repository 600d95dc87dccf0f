/**
 * Why an attempt came to nothing, and what is made of it: another try, a pause, an end.
 *
 * The numbers (RT0001 and so on) are those that Restate's tools and pages know.
 */
import {
  limits,
  noRetry,
  pauseMs,
  type ActivationAnswer,
  type Failure,
  type PauseReason,
} from "@perdure/kernel";
import type { RetrySettings } from "../deployments/deployment.ts";
import type { ErrorMessage } from "../messages/messages.ts";

/** The command of the invocation that failed, as its SDK tells it. */
interface Related {
  readonly index?: number;
  readonly name?: string;
  /** Of the service protocol. */
  readonly type?: number;
}

/** `isAsked`: by the SDK, whatever the handler's policy says. */
type Afterwards = { readonly pause: PauseReason; readonly isAsked?: true } | "fail";

export interface AttemptFailure {
  /** `RT0010`, or the code that the SDK gave: `500`. */
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  readonly related?: Related;
  /** The SDK's own policy rules, and this is the delay it asks for. */
  readonly sdkDelayMs?: number;
  /** The endpoint asked for it; the handler's policy still counts. */
  readonly retryAfterMs?: number;
  /** No further attempt cures it, or the SDK wants it so. */
  readonly next?: Afterwards;
  /** Nothing of the code has run. */
  readonly isUntouched?: boolean;
}

const JOURNAL_MISMATCH = 570;
const PROTOCOL_VIOLATION = 571;
const UNSUPPORTED_FEATURE = 573;

/** A pause that a deployment or a change of settings may cure, which a person has to say. */
export const pauseForCode = { pause: "code" } as const;

export function sdkFailure(error: ErrorMessage): AttemptFailure {
  const { code, message, stacktrace, nextRetryMs, commandName, commandIndex, commandType } = error;
  const related: Related = {
    ...(commandIndex === undefined ? {} : { index: commandIndex }),
    ...(commandName === undefined || commandName === "" ? {} : { name: commandName }),
    ...(commandType === undefined ? {} : { type: commandType }),
  };
  const where = related.name === undefined ? "" : ` (in "${related.name}")`;
  const next = afterwards(error);
  return {
    code: String(code),
    message: `${numbered(code)}${message}${where}`,
    ...(stacktrace === "" ? {} : { stack: stacktrace }),
    ...(Object.keys(related).length === 0 ? {} : { related }),
    ...(nextRetryMs === undefined ? {} : { sdkDelayMs: nextRetryMs }),
    ...(next === undefined ? {} : { next }),
  };
}

function numbered(code: number): string {
  if (code === JOURNAL_MISMATCH) return "[RT0016] ";
  return code === PROTOCOL_VIOLATION || code === UNSUPPORTED_FEATURE ? "[RT0012] " : "";
}

const PAUSE = 1;
const FAIL = 2;

function afterwards({ code, behavior }: ErrorMessage): Afterwards | undefined {
  if (behavior === FAIL) return "fail";
  const asked = behavior === PAUSE ? ({ isAsked: true } as const) : {};
  if (code === JOURNAL_MISMATCH) return { pause: "nondeterminism", ...asked };
  if (behavior === PAUSE) return { ...pauseForCode, isAsked: true };
  return code === UNSUPPORTED_FEATURE ? pauseForCode : undefined;
}

/** What the engine is told. `before`: attempts that failed since the run began or was resumed. */
export function answerTo(
  failure: AttemptFailure,
  retry: RetrySettings,
  before: number,
): ActivationAnswer {
  const { message, next, sdkDelayMs } = failure;
  if (next === "fail") return { commands: [{ type: "run.fail", failure: terminal(failure) }] };
  const told = kernelFailure(failure);
  // Who wants failures to be the end gets all the attempts before it: this may be a deployment's fault.
  if (next !== undefined && (next.isAsked === true || retry.onMaxAttempts === "PAUSE")) {
    return { commands: [paused(next.pause, message)], failure: { ...told, retryable: false } };
  }
  const attempt = before + 1;
  const isLast = retry.maxAttempts > 0 && attempt >= retry.maxAttempts;
  if (isLast && sdkDelayMs === undefined) {
    if (retry.onMaxAttempts === "KILL") {
      return { commands: [{ type: "run.fail", failure: terminal(failure) }] };
    }
    const text = `${retry.maxAttempts} attempts failed, the last one with: ${message}`;
    return { commands: [paused("exhausted", text)], failure: { ...told, retryable: false } };
  }
  const { initialMs, factor, maxIntervalMs } = retry;
  const policyMs = pauseMs({ ...noRetry, initialMs, factor, maxIntervalMs }, attempt, told);
  const retryAfterMs = sdkDelayMs ?? failure.retryAfterMs ?? policyMs;
  return { commands: [], failure: { ...told, retryAfterMs } };
}

function paused(reason: PauseReason, message: string) {
  return { type: "run.pause", reason, message: cut(message, limits.failureMessageChars) } as const;
}

/** To whoever waits for the invocation: codes of ours mean nothing to them. */
function terminal(failure: AttemptFailure): Failure {
  const code = /^\d+$/.test(failure.code) ? failure.code : "500";
  return { ...kernelFailure(failure), code, retryable: false };
}

function kernelFailure({ code, message, stack, related }: AttemptFailure): Failure {
  const data = related && new TextEncoder().encode(JSON.stringify({ related }));
  return {
    code,
    message: cut(message, limits.failureMessageChars),
    ...(stack === undefined ? {} : { stack: cut(stack, limits.failureStackChars) }),
    ...(data === undefined ? {} : { details: { encoding: "json", data } }),
  };
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
