/**
 * Finished spans on their way to a collector.
 *
 * T1  Nothing here delays or fails a request: spans wait in a bounded queue, what does not fit is
 *     dropped, and a collector that is away costs memory up to that bound only.
 * T2  Every span that was finished and did not arrive is counted in `lost`.
 */
import { ExportResultCode } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { serverLimits } from "../limits.ts";

export interface CollectorOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Told = Parameters<SpanExporter["export"]>[1];

export class Spans implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;
  #lost = 0;
  #exported = 0;
  #trouble: string | undefined;

  constructor({ url, headers }: CollectorOptions) {
    const { otlpTimeoutMs, otlpQueueSpans, otlpBatchSpans, otlpEveryMs } = serverLimits;
    const exporter = new OTLPTraceExporter({
      url: tracesUrl(url),
      headers: { ...headers },
      timeoutMillis: otlpTimeoutMs,
    });
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, told) => exporter.export(spans, this.#counted(spans.length, told)),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: otlpQueueSpans,
      maxExportBatchSize: otlpBatchSpans,
      scheduledDelayMillis: otlpEveryMs,
      exportTimeoutMillis: otlpTimeoutMs,
    });
  }

  get lost(): number {
    return this.#lost;
  }

  get exported(): number {
    return this.#exported;
  }

  /** Why the last batch did not arrive. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= serverLimits.otlpQueueSpans) {
      this.#lost++;
      return;
    }
    this.#waiting++;
    this.#batches.onEnd(span);
  }

  async forceFlush(): Promise<void> {
    // A collector that is away is counted above.
    await this.#batches.forceFlush().catch(() => undefined);
  }

  async shutdown(): Promise<void> {
    await this.#batches.shutdown().catch(() => undefined);
  }

  #counted(spans: number, told: Told): Told {
    return (result) => {
      this.#waiting -= spans;
      if (result.code === ExportResultCode.SUCCESS) this.#exported += spans;
      else this.#lost += spans;
      const reason = result.error?.message ?? "no reason was given";
      this.#trouble =
        result.code === ExportResultCode.SUCCESS
          ? undefined
          : `the last spans did not arrive: ${reason}`;
      told(result);
    };
  }
}

/** As the specification of exporters has it: a base gets the path of its signal. */
function tracesUrl(url: string): string {
  const { pathname } = new URL(url);
  return pathname === "/" ? new URL("/v1/traces", url).href : url;
}
