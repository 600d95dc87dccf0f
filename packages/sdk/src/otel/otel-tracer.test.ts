/** One trace from the caller through the server, the run, its steps and tasks, to its children. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../connect.ts";
import { open, task, workflow } from "../index.ts";
import { quiet, realServer } from "../remote/real-server.test-support.ts";
import { otelTracer } from "./index.ts";

beforeAll(
  () => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()),
);
afterAll(() => context.disable());

const quote = task({ name: "quote" }, async (input: string) => `${input}!`);
const child = workflow({ name: "child" }, (ctx) => ctx.step("inner", () => "grown"));
const parent = workflow({ name: "parent" }, async (ctx) => {
  const first = await ctx.span("ask", async () => {
    const asked = await ctx.step("first", async () => "one");
    return asked;
  });
  const priced = await ctx.run(quote, first);
  const grown = await ctx.call(child);
  return `${priced} ${grown}`;
});

function memory() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { exporter, tracer: provider.getTracer("test") };
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly { name: string; traceId: string }[];
    }[];
  }[];
}

async function collector() {
  const spans: { readonly name: string; readonly traceId: string }[] = [];
  const server = createServer((request, response) => {
    const taken = async (): Promise<void> => {
      const { resourceSpans } = (await json(request)) as Exported;
      spans.push(...resourceSpans.flatMap((of) => of.scopeSpans).flatMap((of) => of.spans));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    };
    void taken();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found.map((span) => span.name)).toEqual([name]);
  return found[0]!;
}

const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;

describe("one trace", () => {
  test("goes from the call over the server to the run, its step, its task and its child", async () => {
    const { url, spans: exported } = await collector();
    const server = await realServer({ otlp: { url } });
    const { exporter, tracer } = memory();
    const caller = tracer.startSpan("caller");
    const perdure = await connect(server.url, {
      apiKey: await server.key("admin"),
      workflows: [parent, child],
      tasks: [quote],
      env: quiet,
      tracer: otelTracer({ tracer }),
    });
    const inCall = trace.setSpan(context.active(), caller);
    const run = await context.with(inCall, () => perdure.start(parent));
    expect(await run.result()).toBe("one! grown");
    caller.end();
    await perdure.close();
    await server.close();

    const { traceId } = caller.spanContext();
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    const request = exported.find(({ name }) => name === "POST /v1/runs");
    expect(request?.traceId).toBe(traceId);

    const whole = named(spans, "run parent").spanContext().spanId;
    const ask = named(spans, "ask");
    expect(parentOf(ask)).toBe(whole);
    expect(parentOf(named(spans, "step first"))).toBe(ask.spanContext().spanId);
    const attempt = named(spans, "task quote");
    expect(attempt.attributes).toMatchObject({
      "perdure.run_id": run.runId,
      "perdure.step.attempt": 1,
      "perdure.step.maybe_ran": false,
      "perdure.outcome": "completed",
    });
    const grown = named(spans, "run child");
    expect(grown.attributes["perdure.parent_run_id"]).toBe(run.runId);
    expect(parentOf(named(spans, "step inner"))).toBe(grown.spanContext().spanId);
  });

  test("begins with the caller in the same process too", async () => {
    const { exporter, tracer } = memory();
    await using perdure = await open({
      store: "memory:",
      workflows: [child],
      env: quiet,
      tracer: otelTracer({ tracer }),
    });
    const caller = tracer.startSpan("caller");
    const inCall = trace.setSpan(context.active(), caller);
    const run = await context.with(inCall, () => perdure.start(child));
    await run.result();
    const whole = named(exporter.getFinishedSpans(), "run child");
    expect(parentOf(whole)).toBe(caller.spanContext().spanId);
  });
});

test("a replay makes no span again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-otel-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { exporter, tracer } = memory();
  const twice = workflow({ name: "twice" }, async (ctx) => {
    await ctx.span("before", () => ctx.step("one", () => 1));
    await ctx.waitFor("go");
    return ctx.step("two", () => 2);
  });
  const again = () =>
    open({
      store: `sqlite:${join(folder, "perdure.db")}`,
      workflows: [twice],
      env: quiet,
      tracer: otelTracer({ tracer }),
    });
  const names = () => exporter.getFinishedSpans().map(({ name }) => name);
  {
    await using perdure = await again();
    const run = await perdure.start(twice, { id: "t" });
    while (!(await run.journal()).some(({ kind }) => kind === "wait.started")) {
      await new Promise((done) => void setTimeout(done, 5));
    }
  }
  expect(names()).toEqual(["step one", "before", "run twice"]);
  await using perdure = await again();
  const run = await perdure.get(twice, { id: "t" });
  await perdure.signal({ id: "t" }, "go");
  expect(await run.result()).toBe(2);
  await run.query("none").catch(() => undefined);
  expect(names().slice(3)).toEqual(["step two", "run twice"]);
});

test("a step that fails says so, attempt by attempt", async () => {
  const { exporter, tracer } = memory();
  const flaky = workflow({ name: "flaky" }, (ctx) =>
    ctx.step(
      "hard",
      ({ attempt }) => {
        if (attempt === 1) throw new Error("not yet");
        return attempt;
      },
      { retry: { initialMs: 1 } },
    ),
  );
  await using perdure = await open({
    store: "memory:",
    workflows: [flaky],
    env: quiet,
    tracer: otelTracer({ tracer }),
  });
  expect(await (await perdure.start(flaky)).result()).toBe(2);
  const attempts = exporter.getFinishedSpans().filter(({ name }) => name === "step hard");
  expect(attempts.map(({ attributes }) => attributes["perdure.outcome"])).toEqual([
    "failed",
    "completed",
  ]);
});
