/**
 * A checked journal as it has to be in another namespace. Where it was is not told: what it names
 * of its own namespace is of the new one afterwards, and it may name no third (T1).
 */
import { PerdureError } from "../errors.ts";
import type { CallTarget, Outgoing, RunEvent, RunSpec } from "../events/run-events.ts";
import { machineOf, partsOf, type KeyRef } from "../ids.ts";
import type { Journal } from "./check-journal.ts";

interface Move {
  readonly from: string;
  readonly to: string;
}

export function moveJournal({ spec, events }: Journal, namespace: string): Journal {
  const move = { from: spec.namespace, to: namespace };
  return { spec: specIn(move, spec), events: events.map((event) => eventIn(move, event)) };
}

function eventIn(move: Move, event: RunEvent): RunEvent {
  switch (event.kind) {
    case "run.started":
    case "run.forked":
      return { ...event, spec: specIn(move, event.spec) };
    case "call.scheduled":
      return { ...event, target: targetIn(move, event.target) };
    case "wait.started": {
      const { on } = event;
      if (on.type !== "run" || on.key === undefined) return event;
      return { ...event, on: { ...on, key: keyIn(move, on.key) } };
    }
    case "message.sent":
      return { ...event, message: messageIn(move, event.message) };
    default:
      return event;
  }
}

/** A schedule hears of its runs where it is; one of the same name elsewhere did not start them. */
function specIn(move: Move, { key, notify, ...spec }: RunSpec): RunSpec {
  if (spec.namespace !== move.from) throw foreign(spec.namespace);
  const isKept = notify !== undefined && move.from === move.to && isOwnSchedule(move, notify);
  return {
    ...spec,
    namespace: move.to,
    ...(key === undefined ? {} : { key: keyIn(move, key) }),
    ...(isKept ? { notify } : {}),
  };
}

function isOwnSchedule({ to }: Move, { stream }: NonNullable<RunSpec["notify"]>): boolean {
  const parts = partsOf(stream);
  return machineOf(stream) === "schedule" && parts.length === 2 && parts[0] === to;
}

function keyIn({ from, to }: Move, key: KeyRef): KeyRef {
  if (key.namespace !== from) throw foreign(key.namespace);
  return { ...key, namespace: to };
}

function targetIn(move: Move, { key, ...target }: CallTarget): CallTarget {
  return key === undefined ? target : { ...target, key: keyIn(move, key) };
}

function messageIn(move: Move, message: Outgoing): Outgoing {
  if (message.type === "start") return { ...message, target: targetIn(move, message.target) };
  if (message.type === "publish" || typeof message.to === "string") return message;
  return { ...message, to: keyIn(move, message.to) };
}

function foreign(namespace: string): PerdureError {
  const text = `The journal names two namespaces, also "${namespace}": it must keep to its own.`;
  return new PerdureError("invalid-argument", text);
}
