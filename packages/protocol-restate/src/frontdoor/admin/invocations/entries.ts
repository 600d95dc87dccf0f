/**
 * A run's journal as people know it from Restate: numbered commands and notifications.
 *
 * E1  An entry stands where its event does: what is numbered up to `index` is in the journal's first
 *     `seq` events, and nothing else is but what has no entry.
 */
import type {
  CallTarget,
  Failure,
  Outcome,
  Payload,
  RunEvent,
  RunEventOf,
  RunId,
  RunSpec,
} from "@perdure/kernel";
import { invocationId } from "../../../ids/invocation-id.ts";
import { attachedTo } from "../../../projection/attached.ts";
import { restateFailureOf } from "../../../projection/failures.ts";
import { parseOperationKey, type OperationKey } from "../../../projection/operation-keys.ts";
import { signalOf } from "../../../projection/signal-names.ts";
import { targetJson, targetOf } from "./target.ts";

export interface Entry {
  readonly index: number;
  /** The event that it comes from; 0: of a start that has no journal yet. */
  readonly seq: number;
  readonly at: number;
  /** `Command: Run`, `Notification: Sleep`. */
  readonly type: string;
  readonly name?: string;
  /** Absent: there is nothing to complete. */
  readonly isCompleted?: boolean;
  readonly invokedId?: string;
  readonly invokedTarget?: string;
  readonly sleepUntil?: number;
  readonly promise?: string;
  /** What is in it, by the names that Restate's tools read. */
  readonly detail: Detail;
}

type Detail = Readonly<Record<string, unknown>>;
type Fresh = Omit<Entry, "index" | "seq" | "at">;

/** Of a start that waits for its turn, all there is. */
export function inputOf(spec: RunSpec, at: number, seq: number): Entry {
  const headers = Object.entries(spec.headers ?? {}).map(([name, value]) => ({ name, value }));
  const detail = { headers, payload: bytes(spec.input) };
  return { index: 0, seq, at, type: "Command: Input", name: "", detail };
}

export function entriesOf(events: readonly RunEvent[]): readonly Entry[] {
  const entries: Entry[] = [];
  const journal = new Journal();
  for (const event of events) {
    const { seq, at } = event;
    if (event.kind === "run.started") entries.push(inputOf(event.spec, at, seq));
    for (const fresh of journal.take(event)) {
      entries.push({ ...fresh, index: entries.length, seq, at });
    }
  }
  return entries.map((entry) => journal.completed(entry));
}

/** Knows which commands have been answered, and which runs were marked when they began. */
class Journal {
  readonly #done = new Set<string>();
  readonly #begun = new Set<string>();
  readonly #keys = new Map<object, string>();

  completed(entry: Entry): Entry {
    const key = this.#keys.get(entry.detail);
    return key === undefined ? entry : { ...entry, isCompleted: this.#done.has(key) };
  }

  take(event: RunEvent): readonly Fresh[] {
    switch (event.kind) {
      case "step.completed":
        return this.#run(event.key, { Success: bytes(event.output) });
      case "step.abandoned":
        return this.#run(event.key, { Failure: failed(event.failure) });
      case "value.recorded":
        return this.#recorded(event);
      case "timer.started":
        return [this.#sleep(event)];
      case "timer.fired":
        return [this.#answer(event.key, "Sleep")];
      case "call.scheduled":
        return this.#call(event);
      case "call.closed":
        return [this.#answer(event.key, "Call", resultOf(event.outcome))];
      case "message.sent":
        return sent(event);
      case "state.written":
        return [command("SetState", "", { key: event.name, value: bytes(event.value) })];
      case "state.cleared":
        return [
          event.name === undefined
            ? command("ClearAllState", "", {})
            : command("ClearState", "", { key: event.name }),
        ];
      case "wait.started":
        return this.#wait(event);
      case "wait.resolved":
        return this.#resolved(event);
      case "signal.received":
        return [signalled(event)];
      case "run.cancelRequested":
        return [note("Signal", { id: { Index: 1 }, result: "Void" })];
      case "run.completed":
        return [command("Output", "", { result: { Success: bytes(event.output) } })];
      case "run.failed":
      case "run.cancelled":
        return [command("Output", "", { result: { Failure: failed(event.failure) } })];
      default:
        return [];
    }
  }

  #run(key: string, result: Detail): readonly Fresh[] {
    const { id, name } = operationIn(key);
    const marked = this.#begun.has(String(id));
    const answer = this.#answer(key, "Run", result);
    return marked
      ? [answer]
      : [this.#asks(key, command("Run", name, { completion_id: id })), answer];
  }

  #recorded({ key, value }: RunEventOf<"value.recorded">): readonly Fresh[] {
    const { type, id, name } = operationIn(key);
    const kept =
      value === undefined || value.encoding === "void" ? "Void" : { Success: bytes(value) };
    switch (type) {
      case "began":
        this.#begun.add(String(id));
        return [
          this.#asks(
            `run:${key.slice("began:".length)}`,
            command("Run", name, { completion_id: id }),
          ),
        ];
      case "eager":
        return [command("GetEagerState", "", { key: name, result: kept })];
      case "eagerKeys":
        return [command("GetEagerStateKeys", "", {})];
      case "lazy":
        return [
          this.#asks(key, command("GetLazyState", "", { key: name, completion_id: id })),
          this.#answer(key, "GetLazyState", kept),
        ];
      case "lazyKeys":
        return [
          this.#asks(key, command("GetLazyStateKeys", "", { completion_id: id })),
          this.#answer(key, "GetLazyStateKeys"),
        ];
      default:
        return [];
    }
  }

  #sleep({ key, fireAt }: RunEventOf<"timer.started">): Fresh {
    const { id, name } = operationIn(key);
    const detail = { wake_up_time: fireAt, completion_id: id };
    return { ...this.#asks(key, command("Sleep", name, detail)), sleepUntil: fireAt };
  }

  #call({ key, runId, target }: RunEventOf<"call.scheduled">): readonly Fresh[] {
    const { id, resultId, name } = operationIn(key);
    const invoked = { invokedId: invocationId(runId), invokedTarget: targetOf(target).target };
    const detail = {
      request: requestOf(runId, target),
      invocation_id_completion_id: id,
      result_completion_id: resultId,
    };
    return [
      { ...this.#asks(key, command("Call", name, detail)), ...invoked },
      named(id, invoked.invokedId),
    ];
  }

  #wait({ key, on }: RunEventOf<"wait.started">): readonly Fresh[] {
    const { type, id, name } = operationIn(key);
    const kind = WAITS[type];
    if (kind === undefined) return [];
    if (on.type === "keyPromise") {
      const asked = command(kind, name, { key: on.name, completion_id: id });
      return [{ ...this.#asks(key, asked), promise: on.name }];
    }
    if (on.type !== "run") return [];
    const invoked = on.runId === undefined ? {} : { invokedId: invocationId(on.runId) };
    const own = attachedTo(name, on)?.name ?? name;
    return [{ ...this.#asks(key, command(kind, own, { completion_id: id })), ...invoked }];
  }

  #resolved({ key, payload, failure }: RunEventOf<"wait.resolved">): readonly Fresh[] {
    const kind = WAITS[operationIn(key).type];
    if (kind === undefined) return [];
    const result =
      failure === undefined
        ? payload === undefined
          ? "Void"
          : { Success: bytes(payload) }
        : { Failure: failed(failure) };
    return [this.#answer(key, kind, result)];
  }

  #asks(key: string, fresh: Fresh): Fresh {
    this.#keys.set(fresh.detail, key);
    return fresh;
  }

  #answer(key: string, kind: string, result: Detail | "Void" = "Void"): Fresh {
    this.#done.add(key);
    const { resultId } = operationIn(key);
    return note(kind, { completion_id: resultId, result });
  }
}

type Operation = Omit<OperationKey, "type"> & { readonly type: OperationKey["type"] | "other" };

/** What another protocol's code wrote has a name at least. */
function operationIn(key: string): Operation {
  return parseOperationKey(key) ?? { type: "other", id: 0, resultId: 0, name: key };
}

const WAITS: Partial<Readonly<Record<Operation["type"], string>>> = {
  promise: "GetPromise",
  peek: "PeekPromise",
  settle: "CompletePromise",
  attach: "AttachInvocation",
  output: "GetInvocationOutput",
};

function sent({ key, message }: RunEventOf<"message.sent">): readonly Fresh[] {
  const { type, id, name } = operationIn(key);
  if (message.type === "start") {
    const invokedId = invocationId(message.runId);
    const invokedTarget = targetOf(message.target).target;
    const detail = {
      request: requestOf(message.runId, message.target),
      invoke_time: message.target.startAt ?? 0,
      invocation_id_completion_id: id,
    };
    return [
      { ...command("OneWayCall", name, detail), invokedId, invokedTarget },
      named(id, invokedId),
    ];
  }
  if (type === "awakeable") return [command("CompleteAwakeable", name, {})];
  const to =
    "to" in message && typeof message.to === "string" ? invocationId(message.to) : undefined;
  return [{ ...command("SendSignal", name, {}), ...(to === undefined ? {} : { invokedId: to }) }];
}

/** With all that tools insist on finding there. */
function requestOf(runId: RunId, target: CallTarget): Detail {
  const { input, headers = {}, retentionMs = 0 } = target;
  const kept = { secs: Math.floor(retentionMs / 1_000), nanos: 0 };
  return {
    invocation_id: invocationId(runId),
    invocation_target: targetJson(target),
    span_context: NO_SPAN,
    parameter: bytes(input),
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    idempotency_key: target.attributes?.["idempotencyKey"] ?? null,
    completion_retention_duration: kept,
    journal_retention_duration: kept,
  };
}

const NO_SPAN: Detail = {
  span_context: {
    trace_id: new Uint8Array(16),
    span_id: new Uint8Array(8),
    trace_flags: 0,
    is_remote: false,
    trace_state: "",
  },
  cause: null,
};

function signalled({ name, payload, failure }: RunEventOf<"signal.received">): Fresh {
  const signal = signalOf(name);
  const id = signal.type === "index" ? { Index: signal.index } : { Name: signal.name };
  const result =
    failure === undefined
      ? payload === undefined
        ? "Void"
        : { Success: bytes(payload) }
      : { Failure: failed(failure) };
  return note("Signal", { id, result });
}

function named(id: number | undefined, invocation: string): Fresh {
  return note("CallInvocationId", { completion_id: id, invocation_id: invocation });
}

function command(kind: string, name: string, detail: Detail): Fresh {
  return { type: `Command: ${kind}`, name, detail: { ...detail } };
}

function note(kind: string, detail: Detail): Fresh {
  return { type: `Notification: ${kind}`, detail: { ...detail } };
}

function resultOf(outcome: Outcome): Detail | "Void" {
  if (outcome.status === "completed") return { Success: bytes(outcome.output) };
  return "failure" in outcome ? { Failure: failed(outcome.failure) } : "Void";
}

function failed(failure: Failure): Detail {
  const { code, message, metadata } = restateFailureOf(failure);
  return metadata.length === 0 ? { code, message } : { code, message, metadata };
}

/** As Restate's JSON has bytes. Read only where somebody asks for the entry's JSON. */
function bytes({ data }: Payload): Uint8Array {
  return data;
}

const HEADINGS = new Set(["Signal"]);

/** `entry_json`: what kind of entry it is, and what is in it. */
export function jsonOf({ type, name, detail }: Entry): string {
  const [group = "", kind = ""] = type.split(": ");
  const body = group === "Command" ? { ...detail, name: name ?? "" } : detail;
  const inner = { [kind]: body };
  const isBare = group === "Command" || HEADINGS.has(kind);
  const entry = { [group]: isBare ? inner : { Completion: inner } };
  return JSON.stringify(entry, (_, value: unknown) => {
    return value instanceof Uint8Array ? Array.from(value) : value;
  });
}
