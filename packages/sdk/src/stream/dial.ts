/** One connection to a server: dialled, greeted, and then a pipe for frames. */
import type { Env } from "@perdure/engine";
import { PerdureError, type ErrorCode } from "@perdure/kernel";
import {
  decodeServerFrame,
  encodeFrame,
  encodeWorkerMessage,
  errorFromJson,
  parseJson,
  type Frame,
  type Hello,
  type ServerMessage,
  type Welcome,
} from "@perdure/wire";
import type { TlsOptions } from "../remote/transport.ts";
import { streamLimits } from "./limits.ts";
import type { Dial, Line } from "./line.ts";
import { errorOf } from "./session.ts";
import { dialWebSocket } from "./web-socket.ts";

export interface DialParts {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
  /** Default: a WebSocket. */
  readonly dial?: Dial | undefined;
  readonly env: Env;
  readonly hello: Hello;
  /** Messages of the server that this side has taken, in the session it asks for. */
  readonly received: number;
  /** `ack`: messages of this side that the server has taken. */
  readonly welcome: (connection: Dialled, welcome: Welcome, ack: number) => void;
  readonly frame: (frame: Frame<ServerMessage>, bytes: number) => void;
  /** The server broke a rule of the protocol; the connection ends. */
  readonly broken: () => void;
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
  readonly #line: Line;
  readonly #cancelWait: () => void;
  #cancelClose = ignored;
  #isWelcome = false;
  #reason: PerdureError | undefined;
  #isFinal = false;

  constructor(parts: DialParts) {
    this.#parts = parts;
    const { url, headers, tls, env, hello, received, dial = dialWebSocket } = parts;
    this.#cancelWait = env.after(streamLimits.welcomeMs, () => {
      this.cut(unreachable(`no welcome came within ${streamLimits.welcomeMs} ms`));
    });
    this.#line = dial(
      { url, headers, tls },
      {
        open: () => this.write(encodeFrame(0, received, [encodeWorkerMessage(hello)])),
        frame: (data, isBinary) => this.#heard(data, isBinary),
        refused: (status, body) => this.#refused(status, body),
        failed: (error) => {
          this.#reason ??= unreachable(error.message);
        },
        ended: (reason) => {
          this.#cancelWait();
          this.#cancelClose();
          const why = this.#reason ?? unreachable(reason || "the connection was cut");
          parts.closed(why, this.#isFinal);
        },
      },
    );
  }

  readonly write = (frame: Uint8Array): void => {
    this.#line.send(frame);
  };

  /** At once: the other side may be gone. */
  cut(reason: PerdureError): void {
    this.#reason ??= reason;
    this.#line.terminate();
  }

  close(): void {
    this.#line.close();
    this.#cancelClose();
    this.#cancelClose = this.#parts.env.after(CLOSE_MS, () => this.#line.terminate());
  }

  #heard(data: Uint8Array, isBinary: boolean): void {
    if (this.#reason !== undefined) return;
    try {
      if (!isBinary) throw unreachable("it sends text messages");
      this.#frame(decodeServerFrame(data), data.length);
    } catch (error) {
      this.#parts.broken();
      const isOurs = error instanceof PerdureError;
      this.cut(isOurs ? error : new PerdureError("internal", String(error), { cause: error }));
    }
  }

  #frame(frame: Frame<ServerMessage>, bytes: number): void {
    const [first] = frame.messages;
    if (first?.type === "refused") {
      this.#reason = errorOf(first.error);
      this.#isFinal = first.isFinal;
      return this.#line.close();
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
