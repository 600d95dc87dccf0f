/** What a replay has found, in words that a renderer can lay out. */
import type { RunEvent } from "@perdure/kernel";
import { decode } from "../../payload.ts";
import { describe } from "../../runtime/mismatch.ts";
import { testingLimits } from "../limits.ts";
import { placeIn } from "../report/place.ts";
import { messageOf, type Journal } from "./journal.ts";
import type { Asked, Replay } from "./replay.ts";

export type DifferenceType =
  /** Another operation than recorded. */
  | "other"
  /** The code ended, or waits for what no journal knows, with operations recorded after that. */
  | "unasked"
  /** Something else than the journal has woken the code. */
  | "strayed"
  /** The code itself refuses this journal: a version that it no longer knows, a missing handler. */
  | "refused"
  /** The run had completed, and the code now fails. */
  | "end";

export interface EventLine {
  readonly seq: number;
  readonly kind: string;
  readonly text: string;
  /** The event that the difference is about. */
  readonly isHere: boolean;
}

export interface Difference {
  readonly type: DifferenceType;
  readonly title: string;
  /** The operation's place in the order of the code's calls. */
  readonly ordinal: number;
  readonly recorded: string;
  readonly asked: string;
  /** Function, file and line of the call in the user's code. */
  readonly at?: string;
  /** The last call on which both agree. */
  readonly after?: string;
  readonly around: readonly EventLine[];
}

/** Undefined: code and journal agree. */
export function differenceOf(journal: Journal, replay: Replay): Difference | undefined {
  const { halt, last, before } = replay;
  if (!halt) return endDifference(journal, replay);
  const { divergence, failure } = halt;
  const place = last === undefined ? {} : placeOf(last, "at");
  switch (divergence?.type) {
    case "other": {
      const { ordinal, recorded, asked } = divergence;
      const was = recorded ? `${describe(recorded)} (event ${recorded.event.seq})` : "nothing";
      return {
        type: "other",
        title: `operation ${ordinal} is another one`,
        ordinal,
        recorded: was,
        asked: describe(asked),
        ...place,
        ...placeOf(before, "after"),
        around: around(journal.events, recorded?.event.seq ?? replay.applied),
      };
    }
    case "unasked": {
      const { ordinal, recorded, how } = divergence;
      const was = recorded ? `${describe(recorded)} (event ${recorded.event.seq})` : "more";
      return {
        type: "unasked",
        title: `the code ${how} before operation ${ordinal}`,
        ordinal,
        recorded: was,
        asked: "nothing",
        ...placeOf(last, "after"),
        around: around(journal.events, recorded?.event.seq ?? replay.applied),
      };
    }
    case "strayed":
      return {
        type: "strayed",
        title: "the code was woken by something that is not in the journal",
        ordinal: last?.ordinal ?? 0,
        recorded: "nothing that would have woken it",
        asked: describe(divergence.asked),
        ...place,
        around: around(journal.events, replay.applied),
      };
    default:
      return {
        type: "refused",
        title: "the code refuses the journal",
        ordinal: last?.ordinal ?? 0,
        recorded: `up to event ${journal.events.length}`,
        asked: firstLine(failure.message),
        ...placeOf(last, "after"),
        around: around(journal.events, replay.applied),
      };
  }
}

/** A run that had completed would fail now, in the code after its last operation. */
function endDifference(journal: Journal, { end, last }: Replay): Difference | undefined {
  const closing = journal.events.at(-1);
  if (closing?.kind !== "run.completed" || end?.type !== "run.fail") return undefined;
  const { code, message, stack } = end.failure;
  const frame = stack?.split("\n").find((line) => /^\s+at /.test(line) && !line.includes("node:"));
  return {
    type: "end",
    title: "the run had completed, and the code now fails",
    ordinal: last?.ordinal ?? 0,
    recorded: `completed (event ${closing.seq})`,
    asked: `to fail with ${code}: ${firstLine(message)}`,
    ...(frame === undefined ? {} : { at: placeIn(frame.trim().replace(/^at /, "")) }),
    ...placeOf(last, "after"),
    around: around(journal.events, closing.seq),
  };
}

/** What is no difference for any run that is open, and still worth a word. */
export function remarkOf(journal: Journal, { halt, end, past }: Replay): string | undefined {
  const closing = journal.events.at(-1);
  if (halt || closing === undefined) return undefined;
  switch (closing.kind) {
    case "run.completed":
      if (end?.type === "run.complete") {
        const isSame = Buffer.compare(end.output.data, closing.output.data) === 0;
        return isSame ? undefined : "the code now returns another value than was recorded";
      }
      break;
    case "run.failed":
      if (end?.type === "run.fail") return undefined;
      if (end) return "the run had failed, and the code now ends well";
      break;
    case "run.continued":
    case "run.cancelled":
      if (end) return undefined;
      break;
    default:
      return undefined;
  }
  if (!past) return "the run was closed, and the code now waits at its end";
  const at = past.at === undefined ? "" : `, at ${past.at}`;
  return `the run was closed, and the code now goes on with ${describe(past)}${at}`;
}

function placeOf(asked: Asked | undefined, name: "at" | "after"): { at?: string; after?: string } {
  return asked?.at === undefined ? {} : { [name]: asked.at };
}

function around(events: readonly RunEvent[], seq: number): EventLine[] {
  const { eventsAround } = testingLimits;
  return events
    .filter((event) => Math.abs(event.seq - seq) <= eventsAround)
    .map((event) => ({
      seq: event.seq,
      kind: event.kind,
      text: textOf(event),
      isHere: event.seq === seq,
    }));
}

const TEXT_CHARS = 160;

function textOf(event: RunEvent): string {
  const text = wordsOf(event);
  return text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS)}…` : text;
}

function wordsOf(event: RunEvent): string {
  switch (event.kind) {
    case "run.started":
      return `${event.spec.workflow} ${shown(() => decode(event.spec.input))}`;
    case "step.completed":
      return `${event.key} = ${shown(() => decode(event.output))}`;
    case "step.failed":
      return `${event.key}: ${firstLine(event.failure.message)}`;
    case "value.recorded":
      return `${event.key} = ${shown(() => decode(event.value))}`;
    case "signal.received":
      return `${event.name} ${shown(() => decode(event.payload))}`;
    case "state.written":
      return `${event.name} = ${shown(() => decode(event.value))}`;
    case "run.completed":
      return shown(() => decode(event.output));
    default:
      return "key" in event ? (event.key ?? "") : "";
  }
}

function shown(value: () => unknown): string {
  try {
    return JSON.stringify(value()) ?? "";
  } catch (error) {
    return `(${firstLine(messageOf(error))})`;
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
