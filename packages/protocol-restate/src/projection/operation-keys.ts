/**
 * Keys of operations in an invocation's journal: `<type>:<ids>[:<name>]`, as in `run:3:charge`.
 *
 * The ids are those that the SDK gave to completions, or the ordinal where it gave none. The name
 * is the SDK's, as it must come back on a replay.
 */
import { limits } from "@perdure/kernel";

/** How many ids each type has. */
const idsOf = {
  run: 1,
  /** A `run` that was begun when something after it was written down. */
  began: 1,
  sleep: 1,
  /** Of its invocation id, then of its result. */
  call: 2,
  send: 1,
  eager: 1,
  eagerKeys: 1,
  lazy: 1,
  lazyKeys: 1,
  promise: 1,
  peek: 1,
  settle: 1,
  attach: 1,
  output: 1,
  signal: 1,
  awakeable: 1,
  /** A suspended invocation waits for a signal; the SDK knows nothing of it. */
  "signal-wait": 1,
} as const;

export type OperationType = keyof typeof idsOf;

export interface OperationKey {
  readonly type: OperationType;
  readonly id: number;
  /** The second, of a call. */
  readonly resultId: number;
  readonly name: string;
}

const control = /%|\p{Cc}/gu;
const escaped = /%([0-9a-f]{2})/g;
const wholeNumber = /^\d{1,10}$/;

export function operationKey(type: OperationType, ids: readonly number[], name: string): string {
  const text = name.replace(control, (unit) => {
    return `%${unit.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return [type, ...ids, ...(text === "" ? [] : [text])].join(":");
}

/** A key that is too long is refused before anything is written. */
export function isTooLong(key: string): boolean {
  return key.length > limits.idChars;
}

/** Undefined: no invocation of Restate's wrote it. */
export function parseOperationKey(key: string): OperationKey | undefined {
  const parts = key.split(":");
  const type = parts[0];
  if (type === undefined || !isType(type)) return undefined;
  const count = idsOf[type];
  const ids = parts.slice(1, 1 + count);
  if (ids.length !== count || !ids.every((id) => wholeNumber.test(id))) return undefined;
  const name = parts.slice(1 + count).join(":");
  return {
    type,
    id: Number(ids[0]),
    resultId: Number(ids.at(-1)),
    name: name.replace(escaped, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
  };
}

function isType(text: string): text is OperationType {
  return Object.hasOwn(idsOf, text);
}
