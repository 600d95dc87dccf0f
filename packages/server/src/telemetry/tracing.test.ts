import { TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { Spans } from "./spans.ts";
import { Collector } from "../testing/collector.test-support.ts";
import { serverLimits } from "../limits.ts";
import { Rig } from "../testing/rig.test-support.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const body = { workflow: "greet", queue: "main", input: { value: "hi" } };

async function headersOf(rig: Rig, runId: string): Promise<Readonly<Record<string, string>>> {
  const { body: view } = await rig.call("runs.describe", { params: { runId } });
  return (view["spec"] as { headers?: Readonly<Record<string, string>> }).headers ?? {};
}

async function metricsOf(rig: Rig): Promise<string> {
  const headers = { authorization: `Bearer ${rig.admin}` };
  return (await fetch(`${rig.server.url}/metrics`, { headers })).text();
}

async function start(rig: Rig, more: object = {}, headers = { traceparent }): Promise<string> {
  const { body: started } = await rig.call("runs.start", { body: { ...body, ...more }, headers });
  return started.runId;
}

test("a request is a span of its caller's trace, and the run it starts goes on from there", async () => {
  await using collector = await Collector.open();
  let runId: string;
  let headers: Readonly<Record<string, string>>;
  {
    await using rig = await Rig.open({ otlp: { url: collector.url } });
    runId = await start(rig);
    headers = await headersOf(rig, runId);
  }
  const span = collector.spans.find(({ name }) => name === "POST /v1/runs");
  expect(span).toMatchObject({ traceId, parentSpanId: "00f067aa0ba902b7" });
  expect(span?.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.route": "/v1/runs",
    "perdure.operation": "runs.start",
    "perdure.run_id": runId,
  });
  expect(headers["traceparent"]).toBe(`00-${traceId}-${span?.spanId}-01`);
});

test("a context in the body stays, and one that is not valid begins a trace anew", async () => {
  await using collector = await Collector.open();
  await using rig = await Rig.open({ otlp: { url: collector.url } });
  const own = `00-${"a".repeat(32)}-00f067aa0ba902b7-01`;
  const kept = await start(rig, { headers: { traceparent: own, tenant: "x" } });
  expect(await headersOf(rig, kept)).toEqual({ traceparent: own, tenant: "x" });
  const anew = await start(rig, {}, { traceparent: "gibberish" });
  expect((await headersOf(rig, anew))["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test("a caller that does not sample is not sampled, and its context goes on", async () => {
  await using collector = await Collector.open();
  {
    await using rig = await Rig.open({ otlp: { url: collector.url } });
    const runId = await start(rig, {}, { traceparent: traceparent.replace(/01$/, "00") });
    const { traceparent: given } = await headersOf(rig, runId);
    expect(given).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  }
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
});

test("without a collector the caller's context goes on as it came", async () => {
  await using rig = await Rig.open();
  const runId = await start(rig);
  expect(await headersOf(rig, runId)).toEqual({ traceparent });
});

test("a collector that refuses disturbs nothing; what was lost is counted", async () => {
  await using collector = await Collector.open(400);
  const spans = new Spans({ url: collector.url, headers: {} });
  const provider = new TracerProvider({ spanProcessors: [spans] });
  provider.getTracer("test").startSpan("one").end();
  await spans.forceFlush();
  expect(spans).toMatchObject({ lost: 1, exported: 0, trouble: expect.stringContaining("spans") });
  await provider.shutdown();

  await using rig = await Rig.open({ otlp: { url: collector.url } });
  expect(await start(rig)).toMatch(/./);
  expect(await metricsOf(rig)).toContain("perdure_spans_lost_total 0");
});

test("a span past the queue's limit is dropped and counted", async () => {
  await using collector = await Collector.open();
  const spans = new Spans({ url: collector.url, headers: {} });
  const provider = new TracerProvider({ spanProcessors: [spans] });
  const tracer = provider.getTracer("test");
  for (let i = 0; i < serverLimits.otlpQueueSpans; i++) tracer.startSpan("span").end();
  expect(spans.lost).toBe(0);
  tracer.startSpan("one past it").end();
  expect(spans.lost).toBe(1);
  await provider.shutdown();
  expect(spans.exported).toBe(serverLimits.otlpQueueSpans);
});
