/**
 * What is known of the endpoints that Restate's SDKs serve, and of the services behind them.
 *
 * D1  A deployment is immutable but for its address and headers: what it serves was said once, by
 *     its manifest.
 * D2  An invocation stays with the deployment that had it first, until a person moves it.
 * D3  A new invocation goes to the latest deployment that has its service.
 */

export type ServiceType = "SERVICE" | "VIRTUAL_OBJECT" | "WORKFLOW";

/** `SERVICE`: a plain service's handler. */
export type HandlerType = "SERVICE" | "EXCLUSIVE" | "SHARED" | "WORKFLOW";

/** How failed attempts of an invocation are tried again. Durations in ms. */
export interface RetrySettings {
  readonly initialMs: number;
  readonly maxIntervalMs: number;
  readonly factor: number;
  /** The first included; 0: without end. */
  readonly maxAttempts: number;
  readonly onMaxAttempts: "PAUSE" | "KILL";
}

/** A handler's settings with every default in place: handler, else service, else server. */
export interface HandlerSettings {
  readonly inactivityTimeoutMs: number;
  readonly abortTimeoutMs: number;
  readonly journalRetentionMs: number;
  readonly idempotencyRetentionMs: number;
  readonly workflowCompletionRetentionMs: number;
  readonly enableLazyState: boolean;
  readonly isPrivate: boolean;
  readonly retry: RetrySettings;
}

export interface HandlerView {
  readonly service: string;
  readonly serviceType: ServiceType;
  readonly name: string;
  readonly type: HandlerType;
  readonly input?: { readonly required?: boolean; readonly contentType?: string };
  readonly output?: { readonly contentType?: string; readonly setContentTypeIfEmpty?: boolean };
  readonly settings: HandlerSettings;
}

/** One registered endpoint. Kept as JSON. */
export interface Deployment {
  /** `dp_1…`; it is the version that the engine pins runs to. */
  readonly id: string;
  readonly namespace: string;
  /** Without a trailing slash. */
  readonly uri: string;
  /** Sent with every request to it. */
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly protocolMode: "BIDI_STREAM" | "REQUEST_RESPONSE";
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
  /** The one that its invocations speak. */
  readonly protocolVersion: number;
  readonly useHttp11: boolean;
  /** Ms since epoch. */
  readonly createdAt: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** `restate-sdk-typescript/1.17.2` */
  readonly sdkVersion?: string;
}

/** What the driver and the doors ask of the deployments of one namespace. */
export interface Catalog {
  /** As the latest deployment that has the service says it. */
  handler(service: string, handler: string): HandlerView | undefined;
  /** As that deployment says it. */
  handlerAt(deployment: string, service: string, handler: string): HandlerView | undefined;
  deployment(id: string): Deployment | undefined;
}
