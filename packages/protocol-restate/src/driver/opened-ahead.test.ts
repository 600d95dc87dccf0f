import type { ServerHttp2Stream } from "node:http2";
import { systemEnv } from "@perdure/engine";
import type { RunId } from "@perdure/kernel";
import { afterEach, expect, it } from "vitest";
import { eventually } from "./eventually.test-support.ts";
import { anyAddress, Heard, http2Endpoint } from "./http/endpoints.test-support.ts";
import { transportTo } from "./http/transport.ts";
import { driverLimits } from "./limits.ts";
import { OpenedAhead } from "./opened-ahead.ts";

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

const run = "a run" as RunId;
const request = { method: "POST", path: "/invoke/S/h", headers: {} } as const;

async function opened(answer: (stream: ServerHttp2Stream) => void) {
  const streams: ServerHttp2Stream[] = [];
  const endpoint = await http2Endpoint((stream) => {
    streams.push(stream);
    answer(stream);
  });
  const env = systemEnv();
  const transport = transportTo({ origin: endpoint.url, guard: anyAddress, env }, false);
  const ahead = new OpenedAhead(env, transport);
  closing.push(ahead, transport, endpoint);
  ahead.open(run, request);
  await eventually(() => expect(streams).toHaveLength(1));
  return { ahead, env, streams };
}

const echo = (stream: ServerHttp2Stream): void => {
  stream.respond({ ":status": 200 });
  stream.pipe(stream);
};

it("is heard by who takes it from the head on, and taken once (X1, X3)", async () => {
  const { ahead, streams } = await opened(echo);
  // The head is here before anybody is.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const heard = new Heard();
  const exchange = ahead.take(run, heard)!;
  expect(heard.status).toBeUndefined();
  exchange.write(Buffer.from("hello"));
  exchange.end();
  expect(await heard.done).toBeUndefined();
  expect([heard.status, heard.text]).toEqual([200, "hello"]);
  expect(ahead.take(run, new Heard())).toBeUndefined();
  expect(streams).toHaveLength(1);
});

it("is opened once for an invocation, and for so many at a time (X1)", async () => {
  const { ahead } = await opened(echo);
  ahead.open(run, request);
  expect(ahead.size).toBe(1);
  for (let i = 0; i <= driverLimits.aheadExchanges; i++) ahead.open(`${i}` as RunId, request);
  expect(ahead.size).toBe(driverLimits.aheadExchanges);
});

it("is reset when nobody takes it in time (X1)", async () => {
  const { ahead, env, streams } = await opened(echo);
  ahead.tick(env.monotonic());
  expect(ahead.size).toBe(1);
  ahead.tick(env.monotonic() + driverLimits.aheadMs);
  expect(ahead.size).toBe(0);
  await eventually(() => expect(streams[0]?.destroyed).toBe(true));
});

it.each([
  ["ended", (stream: ServerHttp2Stream) => void (stream.respond(), stream.end())],
  ["spoken", (stream: ServerHttp2Stream) => void (stream.respond(), stream.write("what?"))],
  ["failed", (stream: ServerHttp2Stream) => void stream.close(2)],
])("is nobody's once it has %s (X2)", async (_, answer) => {
  const { ahead } = await opened(answer);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(ahead.take(run, new Heard())).toBeUndefined();
  expect(ahead.size).toBe(0);
});
