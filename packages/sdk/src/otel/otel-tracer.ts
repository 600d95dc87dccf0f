/**
 * Runs as spans of OpenTelemetry.
 *
 * O1  A run's parent is the context in its headers, on whichever worker its code is; children and
 *     remote steps have the same headers. So a tree of runs is one trace, and nothing in a command
 *     depends on chance.
 * O2  The span of a hold begins with the first thing that the hold does anew: a replay has none.
 * O3  What the code does is below the hold's span, or below the `ctx.span` that it is in. The latter
 *     needs the application's context manager, which its SDK sets up.
 */
import {
  context,
  createContextKey,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer as ApiTracer,
} from "@opentelemetry/api";
import { traceContextOf, traceHeaders } from "@perdure/wire";
import { CancelledError } from "../errors.ts";
import { failureOf } from "../failures.ts";
import type {
  HoldOutcome,
  TracedAttempt,
  TracedHold,
  TracedRun,
  Tracer,
  TracerSpan,
} from "../runtime/tracer.ts";

export interface OtelTracerOptions {
  /** Default: that of the provider which the application has registered. */
  readonly tracer?: ApiTracer;
}

/**
 * ```ts
 * await using perdure = await connect({ workflows: [returns], tracer: otelTracer() });
 * ```
 */
export function otelTracer(options: OtelTracerOptions = {}): Tracer {
  const { tracer = trace.getTracer("perdure") } = options;
  return {
    start: (name, run) => begin(tracer, name, { attributes: ofRun(run) }, parentOf(run)),
    hold: (run, since) => new Hold(tracer, run, since),
    attempt: (attempt, run) => beginAttempt(tracer, attempt, run, parentOf(run)),
    headers: () => headersOf(trace.getSpan(context.active())),
  };
}

const HOLD = createContextKey("perdure: the run's hold");

class Hold implements TracedHold {
  readonly #tracer: ApiTracer;
  readonly #run: TracedRun;
  readonly #since: number;
  #span: Span | undefined;
  #isOver = false;

  constructor(tracer: ApiTracer, run: TracedRun, since: number) {
    this.#tracer = tracer;
    this.#run = run;
    this.#since = since;
  }

  run<T>(code: () => T): T {
    return context.with(ROOT_CONTEXT.setValue(HOLD, this), code);
  }

  span(name: string): TracerSpan {
    return begin(this.#tracer, name, { attributes: ofRun(this.#run) }, this.#here());
  }

  attempt(attempt: TracedAttempt): TracerSpan {
    return beginAttempt(this.#tracer, attempt, this.#run, this.#here());
  }

  end(outcome: HoldOutcome, error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#span === undefined && outcome === "left") return;
    end(this.#own(), outcome, error);
  }

  #own(): Span {
    const seconds = Math.floor(this.#since / 1000);
    const startTime: [number, number] = [seconds, Math.floor((this.#since % 1000) * 1e6)];
    const options = { startTime, attributes: ofRun(this.#run) };
    const name = `run ${this.#run.workflow}`;
    return (this.#span ??= this.#tracer.startSpan(name, options, parentOf(this.#run)));
  }

  #here(): Context {
    const active = context.active();
    if (active.getValue(HOLD) === this && trace.getSpan(active)) return active;
    return trace.setSpan(ROOT_CONTEXT.setValue(HOLD, this), this.#own());
  }
}

function beginAttempt(
  tracer: ApiTracer,
  { kind, name, key, attempt, maybeRan }: TracedAttempt,
  run: TracedRun,
  parent: Context,
): TracerSpan {
  const attributes = {
    ...ofRun(run),
    "perdure.step.name": name,
    "perdure.step.key": key,
    "perdure.step.attempt": attempt,
    "perdure.step.maybe_ran": maybeRan,
  };
  const spanKind = kind === "task" ? SpanKind.CONSUMER : SpanKind.INTERNAL;
  return begin(tracer, `${kind} ${name}`, { attributes, kind: spanKind }, parent);
}

function begin(tracer: ApiTracer, name: string, options: SpanOptions, parent: Context): TracerSpan {
  const span = tracer.startSpan(name, options, parent);
  return {
    run: (code) => context.with(trace.setSpan(parent, span), code),
    end: (error) => end(span, outcomeOf(error), error),
  };
}

function outcomeOf(error: unknown): HoldOutcome {
  if (error === undefined) return "completed";
  return error instanceof CancelledError ? "cancelled" : "failed";
}

function end(span: Span, outcome: HoldOutcome, error: unknown): void {
  span.setAttribute("perdure.outcome", outcome);
  if (error !== undefined && outcome !== "cancelled") {
    const thrown = error instanceof Error ? error : new Error(failureOf(error).message);
    span.recordException(thrown);
    span.setStatus({ code: SpanStatusCode.ERROR, message: thrown.message });
  }
  span.end();
}

function ofRun({ runId, workflow, namespace, parent }: TracedRun): Attributes {
  return {
    "perdure.run_id": runId,
    "perdure.workflow": workflow,
    "perdure.namespace": namespace,
    ...(parent === undefined ? {} : { "perdure.parent_run_id": parent }),
  };
}

/** O1. */
function parentOf({ headers }: TracedRun): Context {
  const given = traceContextOf(headers);
  if (!given) return ROOT_CONTEXT;
  const { traceId, spanId, flags, state } = given;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    // oxlint-disable-next-line typescript/no-deprecated -- the other one is a second peer dependency
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  });
}

function headersOf(span: Span | undefined): Readonly<Record<string, string>> {
  if (!span) return {};
  const { traceId, spanId, traceFlags: flags, traceState } = span.spanContext();
  const state = traceState?.serialize();
  return traceHeaders({ traceId, spanId, flags, ...(state ? { state } : {}) });
}
