/** A journal as lines: what `runs show --journal` and `runs watch` print. */
import { nameOfWait, type Payload, type RunEvent } from "@perdure/kernel";
import { failureLine, preview } from "../terminal/preview.ts";
import { cut, cyan, dim, green, pad, red, yellow, type Text } from "../terminal/text.ts";
import { span } from "../terminal/time.ts";

const SEQ = 5;
const AFTER = 9;
const KIND = 21;

/** One line an event; times count from `since`. */
export function eventLine(event: RunEvent, since: number, width: number): Text {
  const line: Text = [
    dim(String(event.seq).padStart(SEQ)),
    "  ",
    dim(`+${span(event.at - since)}`.padStart(AFTER)),
    "  ",
    pad(kindText(event.kind), KIND),
    " ",
    detail(event),
  ];
  return cut(line, width);
}

function kindText(kind: RunEvent["kind"]): Text {
  if (/failed|timedOut|terminated|abandoned/.test(kind)) return red(kind);
  if (/completed|resolved|fired/.test(kind)) return green(kind);
  if (/paused|cancel/i.test(kind)) return yellow(kind);
  return kind.startsWith("run.") ? cyan(kind) : kind;
}

function detail(event: RunEvent): Text {
  const fields = event as RunEvent & Readonly<Record<string, unknown>>;
  const key = typeof fields["key"] === "string" ? fields["key"] : undefined;
  const words = [key ?? nameOf(event), ...notes(event)].filter((word) => word !== "");
  return words.join("  ");
}

function nameOf(event: RunEvent): string {
  if ("name" in event && typeof event.name === "string") return event.name;
  if (event.kind === "run.started" || event.kind === "run.forked") return event.spec.workflow;
  return "";
}

function notes(event: RunEvent): string[] {
  const payload = payloadOf(event);
  return [
    ...aboutAttempt(event),
    ...("fireAt" in event ? [`for ${span(event.fireAt - event.at)}`] : []),
    ...("on" in event ? [`${event.on.type} ${nameOfWait(event.on)}`] : []),
    ...("message" in event && typeof event.message === "string" ? [event.message] : []),
    ...("reason" in event && event.reason !== undefined ? [event.reason] : []),
    ...("by" in event && event.by !== undefined ? [`by ${event.by}`] : []),
    ...("outcome" in event ? [event.outcome.status] : []),
    ...("through" in event ? [`through ${event.through}`] : []),
    ...(payload === undefined ? [] : [preview(payload)]),
    ...("attributes" in event && event.attributes ? [JSON.stringify(event.attributes)] : []),
  ];
}

function aboutAttempt(event: RunEvent): string[] {
  const { at } = event;
  return [
    ...("attempt" in event ? [`attempt ${event.attempt}`] : []),
    ...("worker" in event && event.worker !== undefined ? [`on ${event.worker}`] : []),
    ...("maybeRan" in event && event.maybeRan ? ["may have run before"] : []),
    ...("failure" in event && event.failure ? [failureLine(event.failure)] : []),
    ...("retryAt" in event && event.retryAt !== undefined
      ? [`again in ${span(event.retryAt - at)}`]
      : []),
  ];
}

function payloadOf(event: RunEvent): Payload | undefined {
  if ("output" in event) return event.output;
  if ("payload" in event) return event.payload;
  if ("value" in event) return event.value;
  if (event.kind === "run.started" || event.kind === "run.forked") return event.spec.input;
  return undefined;
}
