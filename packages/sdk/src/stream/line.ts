/** The connection that a worker dials, as far as the worker knows it: whole frames, or an end. */
import type { TlsOptions } from "../remote/transport.ts";

export interface Destination {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
}

/** Told in this order: `open`, any frames, `ended` once; or `ended` alone. */
export interface Ear {
  open(): void;
  frame(data: Uint8Array, isBinary: boolean): void;
  /** The far end is no WebSocket server now, and says this. */
  refused(status: number, body: Uint8Array): void;
  failed(error: Error): void;
  /** `reason`: what the far end said when it closed, or empty. */
  ended(reason: string): void;
}

export interface Line {
  send(frame: Uint8Array): void;
  /** With a goodbye, which the far end answers. */
  close(): void;
  /** At once. */
  terminate(): void;
  /** Whether it keeps the process from ending; it does, unless told otherwise. Absent: it never does. */
  keepAwake?(isWanted: boolean): void;
}

/** Begins to dial; the ear is told of nothing before this has returned. */
export type Dial = (to: Destination, ear: Ear) => Line;
