/** What became of an invocation's attempts: every one that failed is in its journal. */
import type { Failure, RunEvent } from "@perdure/kernel";
import { restateFailureOf } from "../../../projection/failures.ts";
import type { Entry } from "./entries.ts";

export interface Attempts {
  /** Failed since the start, or since a person resumed it. */
  readonly failed: number;
  readonly failure?: Failure;
  readonly failedAt?: number;
  readonly retryAt?: number;
}

export function attemptsOf(events: readonly RunEvent[]): Attempts {
  let attempts: Attempts = { failed: 0 };
  for (const event of events) {
    if (event.kind === "run.resumed") attempts = { ...attempts, failed: 0 };
    if (event.kind !== "activation.failed") continue;
    const { failure, at, retryAt } = event;
    const next = retryAt === undefined ? {} : { retryAt };
    attempts = { failed: attempts.failed + 1, failure, failedAt: at, ...next };
  }
  return attempts;
}

/** `[500] kaboom`, and the stack of it. */
export function wordsOf({ code, message, stack }: Failure): string {
  const said = message.startsWith("[") ? message : `[${code}] ${message}`;
  return stack === undefined || stack === "" ? said : `${said}\n${stack}`;
}

/** Numbers that Restate's pages explain; all that user code throws has one of them. */
export function restateNumberOf({ code, message }: Failure): string {
  const own = /^\[?(RT\d{4})\]?/.exec(code)?.[1] ?? /^\[(RT\d{4})\]/.exec(message)?.[1];
  return own ?? "RT0007";
}

export interface Related {
  readonly index?: number;
  readonly name?: string;
  readonly type?: string;
}

/** The first command's type, and the names of the commands in the order of their types. */
const FIRST_COMMAND = 0x0400;
const commandNames = (
  "Input Output GetLazyState SetState ClearState ClearAllState GetLazyStateKeys GetEagerState " +
  "GetEagerStateKeys GetPromise PeekPromise CompletePromise Sleep Call OneWayCall - SendSignal " +
  "Run AttachInvocation GetInvocationOutput CompleteAwakeable"
).split(" ");

/** The command that an attempt failed at, where its SDK said which. */
export function relatedOf({ details }: Failure): Related {
  if (details?.encoding !== "json") return {};
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(details.data));
    const related = field(parsed, "related");
    const index = field(related, "index");
    const name = field(related, "name");
    const type = field(related, "type");
    return {
      ...(typeof index === "number" ? { index } : {}),
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof type === "number"
        ? { type: commandNames[type - FIRST_COMMAND] ?? String(type) }
        : {}),
    };
  } catch {
    return {};
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** `sys_journal_events`: what happened between entries. */
export interface Note {
  readonly after: number;
  readonly at: number;
  readonly type: "TransientError" | "Paused" | "Resumed" | "Killed";
  readonly detail: Readonly<Record<string, unknown>>;
}

export function notesOf(events: readonly RunEvent[], entries: readonly Entry[]): readonly Note[] {
  const notes: Note[] = [];
  let next = 0;
  let last: Failure | undefined;
  for (const event of events) {
    const { at, seq } = event;
    while ((entries[next]?.seq ?? Infinity) <= seq) next++;
    const place = { after: Math.max(0, next - 1), at };
    const who = "by" in event && event.by !== undefined ? { by: event.by } : {};
    if (event.kind === "activation.failed") {
      last = event.failure;
      notes.push({ ...place, type: "TransientError", detail: errorOf(last, event.attempt) });
    } else if (event.kind === "run.paused") {
      const { message, reason } = event;
      const detail = { message, reason, ...who, ...lastOf(last) };
      notes.push({ ...place, type: "Paused", detail });
    } else if (event.kind === "run.resumed") {
      notes.push({ ...place, type: "Resumed", detail: who });
    } else if (event.kind === "run.terminated") {
      const detail = { message: event.failure.message, ...who, ...lastOf(last) };
      notes.push({ ...place, type: "Killed", detail });
    }
  }
  return notes;
}

function lastOf(failure: Failure | undefined): Readonly<Record<string, unknown>> {
  return failure === undefined ? {} : { last_failure: errorOf(failure) };
}

function errorOf(failure: Failure, attempt?: number): Readonly<Record<string, unknown>> {
  const { code, message: text } = restateFailureOf(failure);
  const { index, name, type } = relatedOf(failure);
  // The name is a column of its own here; the message is the code's.
  const where = ` (in "${name}")`;
  const message = name !== undefined && text.endsWith(where) ? text.slice(0, -where.length) : text;
  return {
    error_code: code,
    error_message: message,
    ...(failure.stack === undefined ? {} : { error_stacktrace: failure.stack }),
    restate_doc_error_code: restateNumberOf(failure),
    ...(attempt === undefined ? {} : { attempt }),
    ...(index === undefined ? {} : { related_command_index: index }),
    ...(name === undefined ? {} : { related_command_name: name }),
    ...(type === undefined ? {} : { related_command_type: type }),
  };
}
