/** A push endpoint: a web app that runs code of one namespace. */
import { parseSigningKey, type SigningKey } from "@perdure/wire";

/** As it is kept. Secrets are kept as they are: the server signs with them. */
export interface EndpointRecord {
  readonly id: string;
  readonly namespace: string;
  readonly url: string;
  /** Of what the app has code for, only these queues; absent: all. */
  readonly queues?: readonly string[];
  /** Exchanges at a time. */
  readonly concurrency: number;
  /** In place of what the app says of itself. */
  readonly version?: string;
  /** Sent with every request, for gateways in front of the app. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly key: string;
  /** The key that takes over as soon as the app knows it. */
  readonly nextKey?: string;
  readonly createdAt: number;
  readonly rotatedAt?: number;
}

export type EndpointSpec = Pick<
  EndpointRecord,
  "url" | "queues" | "concurrency" | "version" | "headers"
>;

/** Whom to call, and how. */
export interface Callee {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: SigningKey;
  /** The answer comes in one piece, so its first byte may take as long as the whole. */
  readonly isBuffered: boolean;
}

export function calleeOf(record: EndpointRecord, keyText: string, isBuffered: boolean): Callee {
  const { id, url, headers = {} } = record;
  return { id, url, headers, key: parseSigningKey(keyText), isBuffered };
}

/** The URL without what may be secret in it. */
export function placeOf({ url }: Pick<Callee, "url">): string {
  const { origin, pathname } = new URL(url);
  return `POST ${origin}${pathname}`;
}
