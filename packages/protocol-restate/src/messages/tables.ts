/** The messages by their numbers on the wire, and the tables of their fields. */
import * as c from "./codecs.ts";
import type { CallFields, InvocationTarget, Message, MessageOf, MessageType } from "./messages.ts";
import type { Completion, CompletionOf, SignalNotification } from "./messages.ts";
import { implicit, oneOf, optional, repeated, required, Schema } from "./schema.ts";

export interface Row {
  readonly code: number;
  readonly schema: Schema<Message>;
}

const noBytes = new Uint8Array(0);
const name = implicit(12, "name", c.text, "");
const completionId = required(11, "completionId", c.completionId);

function row<T extends MessageType>(
  code: number,
  type: T,
  fields: ConstructorParameters<typeof Schema<MessageOf<T>>>[1],
): [MessageType, Row] {
  const fixed = { type } as Partial<MessageOf<T>>;
  return [type, { code, schema: new Schema<MessageOf<T>>(fixed, fields) }];
}

function valueOrFailure(valueAt: number, failureAt: number) {
  return oneOf("result", [
    [valueAt, "value", c.value],
    [failureAt, "failure", c.failure],
  ]);
}

/** The numbers of a call's fields; `oneWayCall` has the moment first. */
function callFields(from: number) {
  return [
    implicit(1, "service", c.text, ""),
    implicit(2, "handler", c.text, ""),
    implicit(3, "parameter", c.bytes, noBytes),
    repeated(from, "headers", c.header),
    implicit(from + 1, "key", c.text, ""),
    optional(from + 2, "idempotencyKey", c.text),
    optional(from + 3, "scope", c.text),
    optional(from + 4, "limitKey", c.text),
    required(10, "invocationIdCompletion", c.completionId),
    name,
  ] satisfies ConstructorParameters<typeof Schema<CallFields & { name: string }>>[1];
}

type Of<V extends InvocationTarget["type"]> = Extract<InvocationTarget, { type: V }>;

const target = oneOf("target", [
  [1, "invocationId", c.text],
  [
    3,
    "idempotentRequest",
    c.nested(
      new Schema<Of<"idempotentRequest">["idempotentRequest"]>({}, [
        implicit(1, "service", c.text, ""),
        optional(2, "key", c.text),
        implicit(3, "handler", c.text, ""),
        implicit(4, "idempotencyKey", c.text, ""),
        optional(5, "scope", c.text),
      ]),
    ),
  ],
  [
    4,
    "workflow",
    c.nested(
      new Schema<Of<"workflow">["workflow"]>({}, [
        implicit(1, "name", c.text, ""),
        implicit(2, "key", c.text, ""),
        optional(3, "scope", c.text),
      ]),
    ),
  ],
]);

const control: readonly [MessageType, Row][] = [
  row(0x0000, "start", [
    implicit(1, "id", c.bytes, noBytes),
    implicit(2, "debugId", c.text, ""),
    implicit(3, "knownEntries", c.u32, 0),
    repeated(4, "state", c.stateEntry),
    implicit(5, "partialState", c.bool, false),
    implicit(6, "key", c.text, ""),
    implicit(7, "retryCount", c.u32, 0),
    implicit(8, "durationMs", c.ms, 0),
    implicit(9, "randomSeed", c.u64, 0n),
    optional(10, "scope", c.text),
    optional(11, "limitKey", c.text),
    optional(12, "idempotencyKey", c.text),
  ]),
  row(0x0001, "suspension", [
    repeated(1, "completions", c.u32),
    repeated(2, "signals", c.u32),
    repeated(3, "namedSignals", c.text),
    optional(4, "awaitingOn", c.future),
  ]),
  row(0x0002, "error", [
    implicit(1, "code", c.u32, 0),
    implicit(2, "message", c.text, ""),
    implicit(3, "stacktrace", c.text, ""),
    optional(4, "commandIndex", c.u32),
    optional(5, "commandName", c.text),
    optional(6, "commandType", c.u32),
    optional(8, "nextRetryMs", c.ms),
    implicit(9, "behavior", c.u32, 0),
  ]),
  row(0x0003, "end", []),
  row(0x0005, "proposeRunCompletion", [
    required(1, "completionId", c.completionId),
    ...oneOf("result", [
      [14, "value", c.bytes],
      [15, "failure", c.failure],
    ]),
  ]),
  row(0x0006, "awaitingOn", [
    required(1, "awaitingOn", c.future),
    implicit(2, "executingSideEffects", c.bool, false),
  ]),
  row(0x0007, "proposeRunCompletionAck", [required(1, "completionId", c.completionId)]),
];

const state: readonly [MessageType, Row][] = [
  row(0x0402, "getLazyState", [implicit(1, "key", c.bytes, noBytes), completionId, name]),
  row(0x0403, "setState", [
    implicit(1, "key", c.bytes, noBytes),
    required(3, "value", c.value),
    name,
  ]),
  row(0x0404, "clearState", [implicit(1, "key", c.bytes, noBytes), name]),
  row(0x0405, "clearAllState", [name]),
  row(0x0406, "getLazyStateKeys", [completionId, name]),
  row(0x0407, "getEagerState", [
    implicit(1, "key", c.bytes, noBytes),
    ...oneOf("result", [
      [13, "void", c.nothing],
      [14, "value", c.value],
    ]),
    name,
  ]),
  row(0x0408, "getEagerStateKeys", [required(14, "keys", c.stateKeys), name]),
];

const commands: readonly [MessageType, Row][] = [
  row(0x0400, "input", [repeated(1, "headers", c.header), required(14, "value", c.value), name]),
  row(0x0401, "output", [...valueOrFailure(14, 15), name]),
  row(0x0409, "getPromise", [implicit(1, "key", c.text, ""), completionId, name]),
  row(0x040a, "peekPromise", [implicit(1, "key", c.text, ""), completionId, name]),
  row(0x040b, "completePromise", [
    implicit(1, "key", c.text, ""),
    ...valueOrFailure(2, 3),
    completionId,
    name,
  ]),
  row(0x040c, "sleep", [implicit(1, "wakeUpAt", c.ms, 0), completionId, name]),
  row(0x040d, "call", [...callFields(4), completionId]),
  row(0x040e, "oneWayCall", [...callFields(5), implicit(4, "invokeAt", c.ms, 0)]),
  row(0x0410, "sendSignal", [
    implicit(1, "target", c.text, ""),
    ...oneOf("signal", [
      [2, "index", c.u32],
      [3, "name", c.text],
    ]),
    ...oneOf("result", [
      [4, "void", c.nothing],
      [5, "value", c.value],
      [6, "failure", c.failure],
    ]),
    name,
  ]),
  row(0x0411, "run", [completionId, name]),
  row(0x0412, "attachInvocation", [...target, completionId, name]),
  row(0x0413, "getInvocationOutput", [...target, completionId, name]),
  row(0x0414, "completeAwakeable", [
    implicit(1, "awakeableId", c.text, ""),
    ...valueOrFailure(2, 3),
    name,
  ]),
];

const results = [
  [4, "void", c.nothing],
  [5, "value", c.value],
  [6, "failure", c.failure],
  [16, "invocationId", c.text],
  [17, "stateKeys", c.stateKeys],
] as const;

const completionCodes: Readonly<Record<CompletionOf, number>> = {
  getLazyState: 0x8002,
  getLazyStateKeys: 0x8006,
  getPromise: 0x8009,
  peekPromise: 0x800a,
  completePromise: 0x800b,
  sleep: 0x800c,
  call: 0x800d,
  callInvocationId: 0x800e,
  run: 0x8011,
  attachInvocation: 0x8012,
  getInvocationOutput: 0x8013,
};

/** A completion's id where notifications have theirs. */
const completionRows = Object.entries(completionCodes).map(([of, code]): [CompletionOf, Row] => {
  const fixed = { type: "completion", of: of as CompletionOf } as const;
  const fields = [required(1, "completionId", c.completionId), ...oneOf("result", results)];
  return [of as CompletionOf, { code, schema: new Schema<Completion>(fixed, fields) }];
});

const signal: Row = {
  code: 0xfbff,
  schema: new Schema<SignalNotification>({ type: "signal" }, [
    ...oneOf("signal", [
      [2, "index", c.u32],
      [3, "name", c.text],
    ]),
    ...oneOf("result", results.slice(0, 3)),
  ]),
};

const byType = new Map<MessageType, Row>([...control, ...state, ...commands, ["signal", signal]]);
const byCompletion = new Map<CompletionOf, Row>(completionRows);
const byCode = new Map(
  [...byType.values(), ...byCompletion.values()].map((known) => [known.code, known.schema]),
);

export function schemaOf(code: number): Schema<Message> | undefined {
  return byCode.get(code);
}

/** Every message has a row: the tables are whole. */
export function rowOf(message: Message): Row {
  const found =
    message.type === "completion" ? byCompletion.get(message.of) : byType.get(message.type);
  if (found === undefined) throw new Error(`no table for ${message.type}`);
  return found;
}
