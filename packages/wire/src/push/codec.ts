/**
 * Push messages to bytes and back. Both sides are bound by the same scan and the same checks as
 * frames of the worker stream: what a stranger with a good signature sends is still only data.
 *
 * A request's body is `length (u32) | msgpack` again and again: the request with its first events,
 * then pages of the rest of them, so that no single value grows with the journal.
 */
import { limits, type ActivationAnswer, type RunEvent } from "@perdure/kernel";
import * as is from "../frames/checks.ts";
import type { Check } from "../frames/checks.ts";
import { command, stepResult } from "../frames/commands.ts";
import { packr } from "../frames/packr.ts";
import { malformed, scan, tooMuch } from "../frames/scan.ts";
import { wireLimits } from "../limits.ts";
import { joined } from "../signature/hmac.ts";
import type { PushFrame, PushRequest } from "./messages.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const type = is.name;
const token: Check = is.fields({ runId: is.runId, key: is.name, attempt: is.count });
const events = is.listOf(is.event, wireLimits.pageEvents);

const request: Check = is.variants("type", {
  describe: is.fields({ type }),
  exchange: is.fields(
    {
      type,
      runId: is.runId,
      hold: is.name,
      after: is.count,
      events,
      asks: is.listOf(
        is.fields({
          kind: is.oneOf("query", "update"),
          id: is.name,
          name: is.name,
          input: is.payload,
        }),
        limits.runCalls,
      ),
    },
    { begin: is.fields({ spec: is.record, through: is.count, lostAt: is.count }) },
  ),
  task: is.fields(
    { type, token, spec: is.record, namespace: is.name, workflow: is.name, maybeRan: is.flag },
    { heartbeatDetails: is.payload, headers: is.texts(limits.headers, wireLimits.textChars) },
  ),
});

const names = is.listOf(is.name, wireLimits.names);
const trigger: Check = is.fields(
  { id: is.name, workflow: is.name, queue: is.name },
  { match: is.jsonObject },
);
const description: Check = is.fields(
  {
    sdk: is.name,
    queues: is.listOf(
      is.fields({ name: is.name, workflows: names, tasks: names }),
      wireLimits.queues,
    ),
    isBuffered: is.flag,
    triggers: is.listOf(is.fields({ event: is.name, trigger }), wireLimits.names),
    // The engine checks a schedule whoever puts it.
    schedules: is.listOf(is.record, wireLimits.names),
  },
  { version: is.name, versioning: is.oneOf("move", "pin", "pinned") },
);

const answer: Check = is.fields(
  { commands: is.listOf(command, limits.answerCommands) },
  { through: is.count, failure: is.failure },
);

const frame: Check = is.variants("type", {
  alive: is.fields({ type }),
  described: is.fields({ type, description }),
  answer: is.fields({ type, answer }),
  answered: is.fields({ type, id: is.name }, { output: is.payload }),
  refused: is.fields({
    type,
    id: is.name,
    code: is.oneOf("query-failed", "update-rejected", "unavailable"),
    message: is.text(wireLimits.textChars),
  }),
  beat: is.fields({ type }, { details: is.payload }),
  result: is.fields({ type, result: stepResult }),
  unknown: is.fields({ type }),
  end: is.fields({ type, keeps: is.flag }),
});

export function encodePushRequest(message: PushRequest): Bytes {
  if (message.type !== "exchange") return prefixed([pack(message)]);
  const [first = [], ...rest] = pages(message.events);
  return prefixed([pack({ ...message, events: first }), ...rest.map(pack)]);
}

/** Throws `invalid-argument` or `limit-exceeded`. */
export function decodePushRequest(body: Uint8Array): PushRequest {
  if (body.length > wireLimits.pushBodyBytes) throw longBody(body.length);
  const [head, ...rest] = split(body);
  if (head === undefined) throw malformed("it is empty");
  const message = checked(head, request) as PushRequest;
  if (rest.length === 0) return message;
  if (message.type !== "exchange") throw malformed("more follows its end");
  const more = rest.flatMap((page) => checked(page, events) as RunEvent[]);
  return { ...message, events: [...message.events, ...more] };
}

/** One frame's payload, or several where an answer is too long for one. */
export function encodePushFrame(message: PushFrame): readonly Bytes[] {
  const bytes = pack(message);
  if (message.type !== "answer" || bytes.length <= wireLimits.messageBytes) return [bytes];
  const { commands, ...last } = message.answer;
  if (commands.length < 2) throw tooMuch(`a command has ${bytes.length} bytes`);
  const half = commands.length >> 1;
  const parts: ActivationAnswer[] = [
    { commands: commands.slice(0, half) },
    { ...last, commands: commands.slice(half) },
  ];
  return parts.flatMap((part) => encodePushFrame({ type: "answer", answer: part }));
}

/** Throws `invalid-argument` or `limit-exceeded`. */
export function decodePushFrame(bytes: Uint8Array): PushFrame {
  return checked(bytes, frame) as PushFrame;
}

function pack(value: unknown): Bytes {
  return new Uint8Array(packr.pack(value));
}

function checked(source: Uint8Array, check: Check): unknown {
  const bytes = new Uint8Array(source);
  scan(bytes);
  let value: unknown;
  try {
    value = packr.unpack(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : "it cannot be decoded");
  }
  const problem = check(value);
  if (problem === undefined) return value;
  throw malformed(`the message${problem.startsWith(".") ? "'s " : " "}${problem}`);
}

/** A page ends at its limit of events, or where the next one would make it long. */
function pages(all: readonly RunEvent[]): readonly (readonly RunEvent[])[] {
  const result: RunEvent[][] = [];
  let page: RunEvent[] = [];
  let bytes = 0;
  for (const event of all) {
    const size = sizeOf(event);
    const isFull = page.length >= wireLimits.pageEvents;
    if (page.length > 0 && (isFull || bytes + size > wireLimits.frameTargetBytes)) {
      result.push(page);
      page = [];
      bytes = 0;
    }
    page.push(event);
    bytes += size;
  }
  if (page.length > 0) result.push(page);
  return result;
}

/** Roughly: what makes an event long is its payload. */
function sizeOf(event: RunEvent): number {
  let bytes = 64;
  for (const value of Object.values(event) as unknown[]) {
    if (typeof value === "object" && value !== null && "data" in value) {
      const { data } = value;
      if (data instanceof Uint8Array) bytes += data.length;
    }
  }
  return bytes;
}

function prefixed(values: readonly Bytes[]): Bytes {
  const parts = values.flatMap((value) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, value.length);
    return [length, value];
  });
  const body = joined(...parts);
  if (body.length > wireLimits.pushBodyBytes) throw longBody(body.length);
  return body;
}

function split(body: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + 4 > body.length) throw malformed("it ends too early");
    const length = view.getUint32(at);
    if (at + 4 + length > body.length) throw malformed("it ends too early");
    values.push(body.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return values;
}

function longBody(bytes: number): Error {
  return tooMuch(`its journal takes ${bytes} bytes of ${wireLimits.pushBodyBytes}`);
}
