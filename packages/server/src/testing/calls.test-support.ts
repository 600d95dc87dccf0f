/** A client of the socket of calls that says what it is told, and shows what it hears. */
import {
  decodeToCaller,
  encodeCallsFrame,
  encodeFromCaller,
  operations,
  type ApiPath,
  type CallsWelcome,
  type FromCaller,
  type Operation,
  type WireAnswer,
} from "@perdure/wire";
import { WebSocket } from "ws";
import type { CallOptions } from "./rig.test-support.ts";

export interface Ended {
  readonly code: number;
  readonly reason: string;
}

export class CallSocketClient {
  readonly socket: WebSocket;
  readonly welcome: Promise<CallsWelcome>;
  readonly ended: Promise<Ended>;
  readonly #answers = new Map<number, PromiseWithResolvers<WireAnswer>>();
  #lastId = 0;
  /** Frames without a message. */
  beats = 0;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/v1/calls`, { headers });
    const welcome = Promise.withResolvers<CallsWelcome>();
    this.welcome = welcome.promise;
    this.socket.on("message", (data: Buffer) => {
      const messages = decodeToCaller(data);
      if (messages.length === 0) this.beats++;
      for (const message of messages) {
        if (message.type === "welcome") welcome.resolve(message);
        else this.#of(message.id).resolve(message);
      }
    });
    this.socket.on("error", (error) => welcome.reject(error));
    this.ended = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async open(url: string, key: string): Promise<CallSocketClient> {
    const client = new CallSocketClient(url, { authorization: `Bearer ${key}` });
    await client.welcome;
    return client;
  }

  /** Parameters that the operation's path has no place for are left out, as with `Rig.call`. */
  call(operation: Operation, options: CallOptions = {}): Promise<WireAnswer> {
    const id = ++this.#lastId;
    const { query = {}, body } = options;
    const { path = "" } = (operations as Readonly<Record<string, ApiPath>>)[operation] ?? {};
    const params = Object.fromEntries(
      Object.entries(options.params ?? {}).filter(([name]) => path.includes(`{${name}}`)),
    );
    this.say({
      type: "call",
      id,
      operation,
      params,
      query: new URLSearchParams(query).toString(),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return this.answer(id);
  }

  answer(id: number): Promise<WireAnswer> {
    return this.#of(id).promise;
  }

  say(...messages: readonly FromCaller[]): void {
    this.socket.send(encodeCallsFrame(messages.map(encodeFromCaller)));
  }

  close(): void {
    this.socket.terminate();
  }

  #of(id: number): PromiseWithResolvers<WireAnswer> {
    const known = this.#answers.get(id) ?? Promise.withResolvers<WireAnswer>();
    this.#answers.set(id, known);
    return known;
  }
}
