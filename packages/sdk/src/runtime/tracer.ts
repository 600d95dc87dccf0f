/** Where spans go. `otelTracer` of `perdure/otel` is one for OpenTelemetry; or bring your own. */
export interface Tracer {
  /** A span of the code's own, where there is no `hold`. Never called while a run is replayed. */
  start(name: string, run: TracedRun): TracerSpan;
  /** This worker takes a run up. A hold that only replays has nothing to tell. */
  hold?(run: TracedRun, since: number): TracedHold;
  /** One attempt of a remote step. */
  attempt?(attempt: TracedAttempt, run: TracedRun): TracerSpan;
  /** `traceparent` and `tracestate` of what calls the client. */
  headers?(): Readonly<Record<string, string>>;
}

export interface TracerSpan {
  end(error?: unknown): void;
  /** Calls `code` as a part of the span. */
  run?<T>(code: () => T): T;
}

/** A run in this worker's hands. */
export interface TracedHold {
  /** Calls the run's code: its spans find the run's there. */
  run<T>(code: () => T): T;
  span(name: string): TracerSpan;
  /** One attempt of a local step. */
  attempt(attempt: TracedAttempt): TracerSpan;
  /** `left`: the run goes on later, here or elsewhere. */
  end(outcome: HoldOutcome, error?: unknown): void;
}

export type HoldOutcome = "completed" | "failed" | "cancelled" | "continued" | "left" | "halted";

export interface TracedRun {
  readonly runId: string;
  readonly workflow: string;
  readonly namespace: string;
  readonly parent?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TracedAttempt {
  readonly kind: "step" | "task";
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
  readonly maybeRan: boolean;
}

/** Calls `code` within the span, when there is one that can. */
export function within<T>(span: TracerSpan | undefined, code: () => T): T {
  return span?.run ? span.run(code) : code();
}
