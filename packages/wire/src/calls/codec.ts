/** Frames of calls. What strangers sent is refused with the reason, or is as `messages.ts` says. */
import {
  dialectOf,
  encodeRow,
  optional,
  packList,
  readRow,
  unpackList,
} from "../frames/dialect.ts";
import type { Dialect } from "../frames/dialect.ts";
import * as is from "../frames/checks.ts";
import { wireLimits } from "../limits.ts";
import type { FromCaller, ToCaller } from "./messages.ts";

const { callWordChars, callQueryChars, callParams, callHeaders, jsonBytes } = wireLimits;

const id: is.Check = is.within(1, Number.MAX_SAFE_INTEGER);

const fromCaller: Dialect<FromCaller> = dialectOf<FromCaller>({
  call: [
    1,
    {
      id,
      operation: is.text(callWordChars),
      params: is.texts(callParams, callQueryChars),
      query: is.text(callQueryChars),
      body: optional(is.text(jsonBytes)),
      headers: optional(is.texts(callHeaders, callQueryChars)),
    },
  ],
  forget: [2, { id }],
});

const toCaller: Dialect<ToCaller> = dialectOf<ToCaller>({
  welcome: [
    1,
    {
      protocol: is.count,
      server: is.name,
      atOnce: is.within(1, Number.MAX_SAFE_INTEGER),
      silenceMs: is.within(wireLimits.leaseMinMs, wireLimits.leaseMaxMs),
    },
  ],
  answer: [
    2,
    {
      id,
      status: is.within(100, 599),
      body: optional(is.text(wireLimits.frameBytes)),
      retryAfterS: optional(is.count),
    },
  ],
});

export function encodeFromCaller(message: FromCaller): Uint8Array {
  return encodeRow(fromCaller, message);
}

export function encodeToCaller(message: ToCaller): Uint8Array {
  return encodeRow(toCaller, message);
}

/** `messages` are encoded. */
export function encodeCallsFrame(messages: readonly Uint8Array[]): Uint8Array {
  return packList(nothing, 0, messages);
}

export function decodeFromCaller(bytes: Uint8Array): readonly FromCaller[] {
  return decode(fromCaller, bytes, wireLimits.callFrameBytes);
}

export function decodeToCaller(bytes: Uint8Array): readonly ToCaller[] {
  return decode(toCaller, bytes, wireLimits.frameBytes);
}

function decode<M extends FromCaller | ToCaller>(
  dialect: Dialect<M>,
  bytes: Uint8Array,
  maxBytes: number,
): readonly M[] {
  return unpackList(bytes, maxBytes).map((row, index) => readRow(dialect, row, index));
}

const nothing = new Uint8Array(0);
