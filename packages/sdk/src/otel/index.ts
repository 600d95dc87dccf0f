/** OpenTelemetry. Needs `@opentelemetry/api`, and whichever SDK the application sets up. */
export { otelTracer, type OtelTracerOptions } from "./otel-tracer.ts";
export type { Tracer } from "../runtime/tracer.ts";
