/**
 * Journals as they would be if the code had been another. A replay against one shows whether a
 * guess about the change is right, before anybody is advised to act on it.
 */
import type { Payload, RunEvent, RunEventBody } from "@perdure/kernel";
import type { Ask } from "../../runtime/mismatch.ts";

/** The operation had another name all along. */
export function renamed(events: readonly RunEvent[], from: string, to: string): RunEvent[] {
  const isOf = (key: string) => baseOf(key) === from;
  return events.map((event) => {
    if (!("key" in event) || event.key === undefined || !isOf(event.key)) return event;
    const key = to + event.key.slice(from.length);
    return "name" in event ? { ...event, key, name: to } : { ...event, key };
  });
}

/** The operation was never asked for. */
export function without(events: readonly RunEvent[], ordinal: number, key: string): RunEvent[] {
  const isOf = (event: RunEvent) =>
    ("ordinal" in event && event.ordinal === ordinal) || ("key" in event && event.key === key);
  return events
    .filter((event) => !isOf(event))
    .map((event) => (isAfter(event, ordinal) ? { ...event, ordinal: event.ordinal - 1 } : event));
}

/** The operation `key` came first of all from `ordinal` on. */
export function moved(
  events: readonly RunEvent[],
  ordinal: number,
  key: string,
): RunEvent[] | undefined {
  const isOf = (event: RunEvent) => "key" in event && event.key === key;
  const asked = events.find((event): event is Ordered => isOf(event) && "ordinal" in event);
  const place = events.findIndex((event) => "ordinal" in event && event.ordinal === ordinal);
  if (asked === undefined || place === -1) return undefined;
  const own = events.filter(isOf).map((event) => ({ ...event, ordinal }) as RunEvent);
  const others = events.filter((event) => !isOf(event));
  const before = events.slice(0, place).filter((event) => !isOf(event)).length;
  const shifted = others.map((event) =>
    isFrom(event, ordinal) && event.ordinal < asked.ordinal
      ? { ...event, ordinal: event.ordinal + 1 }
      : event,
  );
  return shifted.toSpliced(before, 0, ...own);
}

/** The operation was asked for, too, after the event `seen`, and had no result worth a word. */
export function inserted(
  events: readonly RunEvent[],
  ordinal: number,
  ask: Ask,
  seen: number,
): RunEvent[] | undefined {
  const bodies = bodiesOf(ordinal, ask);
  if (bodies === undefined) return undefined;
  const at = events.findIndex(({ seq }) => seq > seen);
  const place = at === -1 ? events.length : at;
  const shifted = events.map((event) =>
    isFrom(event, ordinal) ? { ...event, ordinal: event.ordinal + 1 } : event,
  );
  const added = bodies.map((body, index): RunEvent => ({
    ...body,
    seq: seen + (index + 1) / 10,
    at: events[0]?.at ?? 0,
  }));
  return shifted.toSpliced(place, 0, ...added);
}

const nothing: Payload = { encoding: "json", data: new Uint8Array(0) };

/** Events of an operation that is asked for and over at once. */
function bodiesOf(ordinal: number, { kind, key }: Ask): RunEventBody[] | undefined {
  const name = baseOf(key);
  const opening = { key, ordinal };
  switch (kind) {
    case "step":
      return [{ kind: "step.completed", ...opening, name, attempt: 1, output: nothing }];
    case "timer":
      return [
        { kind: "timer.started", ...opening, fireAt: 0 },
        { kind: "timer.fired", key },
      ];
    case "value":
      return [{ kind: "value.recorded", ...opening, value: nothing }];
    case "attributes":
      return [{ kind: "attributes.upserted", ordinal }];
    case "state write":
      return [{ kind: "state.written", ordinal, name: key, value: nothing }];
    case "state clear":
      return [{ kind: "state.cleared", ordinal, name: key }];
    default:
      return undefined;
  }
}

/** `charge#2` is an occurrence of `charge`. */
export function baseOf(key: string): string {
  return key.replace(/#\d+$/, "");
}

type Ordered = RunEvent & { readonly ordinal: number };

function isAfter(event: RunEvent, ordinal: number): event is Ordered {
  return "ordinal" in event && event.ordinal > ordinal;
}

function isFrom(event: RunEvent, ordinal: number): event is Ordered {
  return "ordinal" in event && event.ordinal >= ordinal;
}
