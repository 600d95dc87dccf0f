/** As much of a WebSocket as a worker's connection uses: those of `ws` are one. */
export interface StreamSocket {
  send(frame: Uint8Array, done: () => void): void;
  close(code: number, reason: string): void;
  /** At once, without a goodbye. */
  terminate(): void;
  /** `data` is a `Buffer` when `isBinary`. */
  on(event: "message", heard: (data: unknown, isBinary: boolean) => void): unknown;
  on(event: "error", failed: (error: Error) => void): unknown;
  /** Once, whoever ended it. The code is the one of RFC 6455 that the other side gave. */
  on(event: "close", closed: (code: number) => void): unknown;
}
