/** A client's WebSocket, as much of it as is used, and its polite end. */
import type { Env } from "@perdure/engine";
import type { StreamSocket } from "../workers/stream/socket.ts";

/** Those of `ws` are one. */
export interface CallSocket extends StreamSocket {
  /** Bytes that the far end has not taken yet. */
  readonly bufferedAmount: number;
  /** Nothing is read until `resume`. */
  pause(): void;
  resume(): void;
}

const REASON_BYTES = 120;
/** A closing handshake that takes longer is cut. */
const CLOSE_MS = 2_000;

export class ClosingSocket {
  readonly #socket: CallSocket;
  readonly #env: Env;
  isClosing = false;
  #cancel: (() => void) | undefined;

  constructor(socket: CallSocket, env: Env) {
    this.#socket = socket;
    this.#env = env;
  }

  close(reason: string, code: number): void {
    if (this.isClosing) return;
    this.isClosing = true;
    const text = Buffer.from(reason).subarray(0, REASON_BYTES).toString().replace(/�$/, "");
    this.#socket.close(code, text);
    this.#cancel = this.#env.after(CLOSE_MS, () => this.#socket.terminate());
  }

  /** Whoever ended it. */
  closed(): void {
    this.isClosing = true;
    this.#cancel?.();
  }
}
