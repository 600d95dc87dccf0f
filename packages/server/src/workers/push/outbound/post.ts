/** One HTTP request to an app and its answer, as the push host sees them. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The answer is not wanted any more. */
  readonly signal: AbortSignal;
  /** Until the answer's head is here. */
  readonly headMs: number;
  /** Between two pieces of its body. */
  readonly silenceMs: number;
}

export interface PostAnswer {
  readonly status: number;
  /** By its name in small letters. */
  readonly header: (name: string) => string | undefined;
  readonly body: PostBody;
}

export interface PostBody {
  /** As they come; throws where the body breaks off. Left early, the body stays open. */
  pieces(): AsyncIterable<Uint8Array>;
  /** What follows is not wanted, and is short: the connection may be used again. */
  finish(): void;
  /** Nothing more is wanted, and the connection goes with it. */
  destroy(): void;
}

/** Requests to apps. `post` throws `NotConnected` where the request has reached nobody for certain. */
export interface Outbound {
  post(request: PostRequest): Promise<PostAnswer>;
  close(): Promise<void>;
}
