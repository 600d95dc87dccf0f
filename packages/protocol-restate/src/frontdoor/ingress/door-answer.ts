/**
 * What goes through the ingress, with no more to it than the ingress needs: the web's own Request and
 * Response, with their streams and lists, cost more than a small call. A web Request is one of these.
 */

export interface DoorRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Iterable<readonly [name: string, value: string]> & {
    get(name: string): string | null;
  };
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Ends when the client has gone. */
  readonly signal: AbortSignal;
}

export interface DoorAnswer {
  readonly status: number;
  /** In small letters. */
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}
