/** What comes from callers, checked against the limits before anything is written. */
import { limits, PerdureError, type JsonObject, type KeyRef, type Payload } from "@perdure/kernel";
import type { SignalBody } from "@perdure/kernel";
import type { StartItem, StartRequest } from "../client.ts";

const encoder = new TextEncoder();

export function checkText(what: string, text: unknown, chars: number): void {
  if (typeof text !== "string") {
    throw new PerdureError("invalid-argument", `${what} must be a text, not ${typeof text}.`);
  }
  if (text.length === 0) throw new PerdureError("invalid-argument", `${what} must not be empty.`);
  if (text.length > chars) {
    const error = `${what} has ${text.length} characters, the limit is ${chars}: shorten it.`;
    throw new PerdureError("limit-exceeded", error);
  }
  // Half of a character would become U+FFFD on disk, and two such texts the same one.
  if (!text.isWellFormed()) {
    const error = `${what} holds half of a surrogate pair, which UTF-8 cannot write: remove it.`;
    throw new PerdureError("invalid-argument", error);
  }
}

export function checkNamespace(namespace: string): void {
  checkText("the namespace", namespace, limits.namespaceChars);
}

export function checkName(what: string, name: string): void {
  checkText(what, name, limits.nameChars);
}

export function checkKey(key: KeyRef): void {
  checkNamespace(key.namespace);
  checkName("the key's kind", key.kind);
  checkText("the key's id", key.id, limits.idChars);
}

export function checkPayload(what: string, payload: Payload): void {
  if (!(payload.data instanceof Uint8Array)) {
    throw new PerdureError("invalid-argument", `${what} must be a payload with bytes in \`data\`.`);
  }
  if (payload.data.length <= limits.payloadBytes) return;
  throw new PerdureError(
    "limit-exceeded",
    `${what} has ${payload.data.length} bytes, the limit is ${limits.payloadBytes}: keep the ` +
      `data elsewhere and pass a reference to it.`,
  );
}

export function checkJson(what: string, value: JsonObject): void {
  const bytes = encoder.encode(JSON.stringify(value)).length;
  if (bytes <= limits.attributesBytes) return;
  const text = `${what} take ${bytes} bytes as JSON, the limit is ${limits.attributesBytes}.`;
  throw new PerdureError("limit-exceeded", text);
}

export function checkSignal(signal: SignalBody): void {
  checkName("the signal's name", signal.name);
  if (signal.payload) checkPayload("the signal's payload", signal.payload);
  if (signal.id !== undefined) checkText("the signal's id", signal.id, limits.idChars);
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const count = Object.keys(headers).length;
  if (count > limits.headers) {
    const text = `There are ${count} headers, the limit is ${limits.headers}: send fewer.`;
    throw new PerdureError("limit-exceeded", text);
  }
  checkJson("the headers", headers);
}

export function checkStart(request: StartRequest): void {
  checkNamespace(request.namespace);
  checkName("the workflow's name", request.workflow);
  checkName("the queue's name", request.queue);
  checkPayload("the input", request.input);
  if (request.key) checkKey(request.key);
  if (request.key && request.key.namespace !== request.namespace) {
    const text = "The key's namespace must be the run's: a key never reaches over that wall.";
    throw new PerdureError("invalid-argument", text);
  }
  if (request.requestId !== undefined) {
    checkText("the request id", request.requestId, limits.idChars);
  }
  if (request.signal) checkSignal(request.signal);
  if (request.attributes) checkJson("the attributes", request.attributes);
  if (request.headers) checkHeaders(request.headers);
  for (const name of ["runTimeoutMs", "startAt", "priority", "retentionMs"] as const) {
    const value = request[name];
    if (value === undefined || Number.isFinite(value)) continue;
    throw new PerdureError("invalid-argument", `${name} must be a finite number, not ${value}.`);
  }
}

/** Of many starts together; each is looked at by itself when its turn comes. */
export function checkStartMany(items: readonly StartItem[]): void {
  if (items.length > limits.startManyRuns) {
    const text = `There are ${items.length} starts, the limit is ${limits.startManyRuns}`;
    throw new PerdureError("limit-exceeded", `${text}: start the others with another call.`);
  }
  const bytes = items.reduce((sum, item) => sum + startBytes(item), 0);
  if (bytes <= limits.startManyBytes) return;
  const text = `The inputs and signals have ${bytes} bytes, the limit is ${limits.startManyBytes}`;
  throw new PerdureError("limit-exceeded", `${text}: start some of them with another call.`);
}

/** What a start adds to the bytes of many. */
export function startBytes({ input, signal }: StartItem): number {
  return input.data.length + (signal?.payload?.data.length ?? 0);
}
