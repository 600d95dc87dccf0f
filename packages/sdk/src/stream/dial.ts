/** One connection to a server: dialled, greeted, and then a pipe for frames. */
import type { Env } from "@perdure/engine";
import { PerdureError, type ErrorCode } from "@perdure/kernel";
import {
  decodeServerFrame,
  encodeFrame,
  encodeWorkerMessage,
  errorFromJson,
  parseJson,
  wireLimits,
  type Frame,
  type Hello,
  type ServerMessage,
  type Welcome,
} from "@perdure/wire";
import { WebSocket, type ClientOptions, type RawData } from "ws";
import type { TlsOptions } from "../remote/transport.ts";
import { streamLimits } from "./limits.ts";
import { errorOf } from "./session.ts";

export interface DialParts {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
  readonly env: Env;
  readonly hello: Hello;
  /** Messages of the server that this side has taken, in the session it asks for. */
  readonly received: number;
  /** `ack`: messages of this side that the server has taken. */
  readonly welcome: (connection: Dialled, welcome: Welcome, ack: number) => void;
  readonly frame: (frame: Frame<ServerMessage>, bytes: number) => void;
  /** It is closed, or never opened; `isFinal`: dialling again is no use. */
  readonly closed: (reason: PerdureError, isFinal: boolean) => void;
}

/** A server that says one of these will say it again. */
const finalStatus: Readonly<Record<number, ErrorCode>> = {
  400: "invalid-argument",
  401: "unauthenticated",
  403: "forbidden",
  426: "invalid-argument",
};

const CLOSE_MS = 2_000;

export class Dialled {
  readonly #parts: DialParts;
  readonly #socket: WebSocket;
  readonly #cancelWait: () => void;
  #cancelClose = ignored;
  #isWelcome = false;
  #reason: PerdureError | undefined;
  #isFinal = false;

  constructor(parts: DialParts) {
    this.#parts = parts;
    const { url, headers, tls, env, hello, received } = parts;
    this.#socket = new WebSocket(url, {
      headers,
      ...(tls as ClientOptions),
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: wireLimits.frameBytes,
    });
    this.#cancelWait = env.after(streamLimits.welcomeMs, () => {
      this.cut(unreachable(`no welcome came within ${streamLimits.welcomeMs} ms`));
    });
    const socket = this.#socket;
    socket.on("open", () => this.write(encodeFrame(0, received, [encodeWorkerMessage(hello)])));
    socket.on("message", (data, isBinary) => this.#message(data, isBinary));
    socket.on("unexpected-response", (_, response) => {
      const body: Uint8Array[] = [];
      const refuse = (): void => {
        this.#refused(response.statusCode ?? 0, Buffer.concat(body));
        socket.terminate();
      };
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes <= streamLimits.refusalBytes) body.push(chunk);
      });
      response.on("end", refuse);
      response.on("error", refuse);
    });
    socket.on("error", (error) => {
      this.#reason ??= unreachable(error.message);
    });
    socket.on("close", (_code, reason) => {
      this.#cancelWait();
      this.#cancelClose();
      const why = this.#reason ?? unreachable(reason.toString() || "the connection was cut");
      parts.closed(why, this.#isFinal);
    });
  }

  readonly write = (frame: Uint8Array): void => {
    this.#socket.send(frame, ignored);
  };

  /** At once: the other side may be gone. */
  cut(reason: PerdureError): void {
    this.#reason ??= reason;
    this.#socket.terminate();
  }

  close(): void {
    this.#socket.close(1000);
    this.#cancelClose();
    this.#cancelClose = this.#parts.env.after(CLOSE_MS, () => this.#socket.terminate());
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#reason !== undefined) return;
    try {
      if (!isBinary || !Buffer.isBuffer(data)) throw unreachable("it sends text messages");
      this.#frame(decodeServerFrame(data), data.length);
    } catch (error) {
      const isOurs = error instanceof PerdureError;
      this.cut(isOurs ? error : new PerdureError("internal", String(error), { cause: error }));
    }
  }

  #frame(frame: Frame<ServerMessage>, bytes: number): void {
    const [first] = frame.messages;
    if (first?.type === "refused") {
      this.#reason = errorOf(first.error);
      this.#isFinal = first.isFinal;
      return this.#socket.close(1000);
    }
    if (this.#isWelcome) return this.#parts.frame(frame, bytes);
    if (first?.type !== "welcome") throw unreachable("it does not say welcome");
    this.#isWelcome = true;
    this.#cancelWait();
    this.#parts.welcome(this, first, frame.ack);
  }

  #refused(status: number, body: Uint8Array): void {
    const code = finalStatus[status];
    this.#isFinal = code !== undefined;
    this.#reason ??= wordsOf(body) ?? new PerdureError(code ?? "unavailable", refusal(status));
  }
}

function wordsOf(body: Uint8Array): PerdureError | undefined {
  try {
    return errorFromJson(parseJson(body, "the refusal"));
  } catch {
    return undefined;
  }
}

function refusal(status: number): string {
  return (
    `The server refused the worker with HTTP status ${status}: check the address, the API key and ` +
    `its role.`
  );
}

function unreachable(why: string): PerdureError {
  return new PerdureError("unavailable", `The server cannot be reached: ${why}.`);
}

function ignored(): void {}
