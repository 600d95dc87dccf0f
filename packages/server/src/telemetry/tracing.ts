/**
 * Spans of HTTP requests, and the context that goes on from them. Without a collector the caller's
 * context goes on as it came. The provider is this server's own: none is registered for the process.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { traceContextOf, traceHeaders, type TraceContext } from "@perdure/wire";
import type { IncomingMessage } from "node:http";
import type { Config } from "../config/config.ts";
import type { Finished } from "../http/finished.ts";
import { version } from "../version.ts";
import { Spans } from "./spans.ts";

export interface RequestTrace {
  /** `traceparent` and `tracestate` for what this request starts. */
  readonly headers: Readonly<Record<string, string>>;
  /** The run that it turned out to be about. */
  about(runId: string): void;
  end(finished: Finished): void;
}

export interface TracedCall {
  readonly method: string;
  /** The path as it was asked for; what follows it is not looked at. */
  readonly target: string;
  /** The path with its parameters' names. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface TracingView {
  readonly exported: number;
  readonly lost: number;
  readonly trouble: string | undefined;
}

const FIRST_ERROR = 500;

export class Tracing {
  readonly #spans: Spans | undefined;
  readonly #provider: TracerProvider | undefined;
  readonly #tracer: Tracer | undefined;

  constructor({ url, headers, sampleRatio, serviceName }: Config["otlp"]) {
    if (url === undefined) return;
    this.#spans = new Spans({ url, headers });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        "service.name": serviceName,
        "service.version": version,
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [this.#spans],
    });
    this.#tracer = this.#provider.getTracer("@perdure/server", version);
  }

  get view(): TracingView {
    const { exported = 0, lost = 0, trouble } = this.#spans ?? {};
    return { exported, lost, trouble };
  }

  /** `request` is the one that opened the connection, of which `asked` may be one call of many. */
  begin(request: IncomingMessage, asked: TracedCall): RequestTrace {
    const { traceparent, tracestate } = asked.headers;
    const given = traceContextOf({
      traceparent: first(traceparent),
      tracestate: first(tracestate),
    });
    if (!this.#tracer) return { headers: traceHeaders(given), about: nothing, end: nothing };
    const name = `${asked.method} ${asked.route}`;
    const attributes = requestAttributes(request, asked);
    const options = { kind: SpanKind.SERVER, attributes };
    return requestTrace(this.#tracer.startSpan(name, options, parentOf(given)));
  }

  async close(): Promise<void> {
    await this.#provider?.shutdown();
  }
}

function requestTrace(span: Span): RequestTrace {
  const { traceId, spanId, traceFlags: flags, traceState } = span.spanContext();
  const state = traceState?.serialize();
  const headers = traceHeaders({ traceId, spanId, flags, ...(state ? { state } : {}) });
  return {
    headers,
    about: (runId) => void span.setAttribute("perdure.run_id", runId),
    end: ({ status, code, operation, caller, target, requestId }) => {
      span.setAttribute("http.response.status_code", status);
      span.setAttribute("perdure.request_id", requestId);
      if (operation) span.setAttribute("perdure.operation", operation);
      if (caller) span.setAttribute("perdure.namespace", caller.namespace);
      if (target) span.setAttribute("perdure.target", target);
      if (code) span.setAttribute("error.type", code);
      // The semantic conventions: of a server's spans only 5xx are errors.
      if (status >= FIRST_ERROR) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Stable names of the HTTP semantic conventions; never a query or a body. */
function requestAttributes(
  { httpVersion, socket, headers }: IncomingMessage,
  { method, target, route }: TracedCall,
): Record<string, string> {
  const agent = headers["user-agent"];
  return {
    "http.request.method": method,
    "http.route": route,
    "url.path": target.split("?", 1)[0] ?? "",
    "url.scheme": "encrypted" in socket ? "https" : "http",
    "network.protocol.version": httpVersion,
    "client.address": socket.remoteAddress ?? "",
    ...(agent === undefined ? {} : { "user_agent.original": agent }),
  };
}

function parentOf(given: TraceContext | undefined): Context {
  if (!given) return ROOT_CONTEXT;
  const { traceId, spanId, flags, state } = given;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: new TraceState(state) }),
  });
}

function first(field: string | string[] | undefined): string | undefined {
  return Array.isArray(field) ? field.join(",") : field;
}

function nothing(): void {}
