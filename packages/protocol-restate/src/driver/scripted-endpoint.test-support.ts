/** An endpoint that does what a test says, message by message, in place of an SDK. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { encodeFrame, FrameReader } from "../messages/frames.ts";
import type { Future, Message, MessageOf } from "../messages/messages.ts";
import { http2Endpoint, type TestEndpoint } from "./http/endpoints.test-support.ts";

/** One attempt, as the endpoint has it. */
export class Scripted {
  readonly headers: IncomingHttpHeaders;
  readonly messages: Message[] = [];
  readonly stream: ServerHttp2Stream;
  /** The other side has said its last. */
  isHalfClosed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
    const reader = new FrameReader();
    stream.on("data", (bytes: Uint8Array) => {
      this.messages.push(...reader.push(Uint8Array.from(bytes)));
      this.#news();
    });
    stream.once("end", () => {
      this.isHalfClosed = true;
      this.#news();
    });
    stream.once("close", () => this.#news());
  }

  respond(status = 200, more: Readonly<Record<string, string>> = {}): void {
    const type = this.headers["content-type"] ?? "";
    this.stream.respond({ ":status": status, "content-type": type, ...more });
  }

  send(...messages: readonly Message[]): void {
    this.stream.write(Buffer.concat(messages.map(encodeFrame)));
  }

  raw(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }

  /** The last messages, and the end of the response. */
  finish(...messages: readonly Message[]): void {
    this.stream.end(Buffer.concat(messages.map(encodeFrame)));
  }

  /** Resolves when what has come is enough. */
  async until(isEnough: (scripted: this) => boolean): Promise<void> {
    while (!isEnough(this)) {
      if (this.stream.closed) throw new Error("the attempt was given up");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Start and everything that it announces. */
  async begun(): Promise<MessageOf<"start">> {
    await this.until(({ messages: [start, ...rest] }) => {
      return start?.type === "start" && rest.length >= start.knownEntries;
    });
    return this.messages[0] as MessageOf<"start">;
  }

  async halfClosed(): Promise<void> {
    await this.until((one) => one.isHalfClosed);
  }

  #news(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export type Script = (attempt: Scripted, index: number) => void | Promise<void>;

export interface ScriptedEndpoint extends TestEndpoint {
  readonly attempts: Scripted[];
}

/** `script` is called for each attempt; what it throws after its attempt was given up is no matter. */
export async function scriptedEndpoint(script: Script): Promise<ScriptedEndpoint> {
  const attempts: Scripted[] = [];
  const endpoint = await http2Endpoint((stream, headers) => {
    const attempt = new Scripted(stream, headers);
    const index = attempts.push(attempt) - 1;
    Promise.resolve(script(attempt, index)).catch((error: unknown) => {
      if (!stream.closed) stream.destroy(error as Error);
    });
  });
  return { ...endpoint, attempts };
}

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

export const output = (value: string): Message => {
  return { type: "output", name: "", result: { type: "value", value: bytes(value) } };
};
export const end: Message = { type: "end" };
export const run = (completionId: number, name = ""): Message => {
  return { type: "run", completionId, name };
};
export const proposal = (completionId: number, value: string, requestedAck = false): Message => {
  const result = { type: "value", value: bytes(value) } as const;
  return { type: "proposeRunCompletion", completionId, result, requestedAck };
};
export const sleep = (completionId: number, wakeUpAt: number): Message => {
  return { type: "sleep", completionId, wakeUpAt, name: "" };
};

const none: Future = {
  completions: [],
  signals: [],
  namedSignals: [],
  nested: [],
  combinator: "firstCompleted",
};

/** Version 7's suspension on these completions. */
export const suspension = (...completions: readonly number[]): Message => {
  const awaitingOn = { ...none, completions };
  return { type: "suspension", completions: [], signals: [], namedSignals: [], awaitingOn };
};

export const error = (
  code: number,
  message: string,
  more: Partial<MessageOf<"error">> = {},
): Message => {
  return { type: "error", code, message, stacktrace: "", behavior: 0, ...more };
};
