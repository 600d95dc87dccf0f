import { afterEach, expect, it } from "vitest";
import { systemEnv, type Activation } from "@perdure/engine";
import { runId, type ActivationAnswer, type RunSpec } from "@perdure/kernel";
import type { Catalog, Deployment, HandlerView } from "../deployments/deployment.ts";
import { defaultSettings } from "../deployments/settings.ts";
import type { Message } from "../messages/messages.ts";
import { Endpoint } from "./endpoint.ts";
import { eventually } from "./eventually.test-support.ts";
import { Hold } from "./hold.ts";
import { anyAddress } from "./http/endpoints.test-support.ts";
import { driverLimits } from "./limits.ts";
import { bytes, scriptedEndpoint, type Script } from "./scripted-endpoint.test-support.ts";

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

const handler: HandlerView = {
  service: "O",
  serviceType: "VIRTUAL_OBJECT",
  name: "h",
  type: "EXCLUSIVE",
  settings: { ...defaultSettings, enableLazyState: true },
};
const key = { namespace: "test", kind: "object:O", id: "a" };
const spec: RunSpec = {
  runId: runId(1, 2, "0123456789abcdef"),
  namespace: "test",
  workflow: "O.h",
  queue: "restate",
  input: { encoding: "json", data: bytes("1") },
  key,
};

/** A hold whose engine hears everything and delivers nothing until it is told to. */
async function held(script: Script, keyOf = async () => undefined) {
  const scripted = await scriptedEndpoint(script);
  closing.push(scripted);
  const deployment: Deployment = {
    id: "dp_1",
    namespace: "test",
    uri: scripted.url.href,
    additionalHeaders: {},
    protocolMode: "BIDI_STREAM",
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    protocolVersion: 7,
    useHttp11: false,
    createdAt: 0,
    metadata: {},
  };
  const catalog: Catalog = {
    handler: () => handler,
    handlerAt: () => handler,
    deployment: () => deployment,
  };
  const endpoint = new Endpoint({
    env: systemEnv(),
    guard: anyAddress,
    engine: { keyedState: { entries: async () => new Map() }, keyOf },
    deployment,
    catalog: () => catalog,
  });
  closing.unshift(endpoint);
  const answers: ActivationAnswer[] = [];
  const session = {
    answer: (_: unknown, __: unknown, answer: ActivationAnswer) => void answers.push(answer),
    release: () => undefined,
  };
  const parts = { endpoint, handler, session: () => session, left: () => undefined };
  const started = { seq: 1, at: 1, kind: "run.started", spec } as const;
  const { runId: id } = spec;
  const activation: Activation = {
    runId: id,
    lease: 1,
    spec,
    events: [started],
    through: 0,
    lostAt: 0,
  };
  const hold = new Hold(parts, activation);
  hold.start();
  const asked = () => answers.reduce((sum, { commands }) => sum + commands.length, 0);
  return { hold, asked, answers };
}

const MEGABYTE = 1_000_000;
const set = (n: number): Message => {
  return { type: "setState", key: bytes(`k${n}`), value: new Uint8Array(MEGABYTE), name: "" };
};

it("reads no more than its limit of what is not on disk, and goes on when it is", async () => {
  const count = 40;
  const { hold, asked } = await held(async (sdk) => {
    sdk.respond();
    await sdk.begun();
    for (let n = 0; n < count; n++) sdk.send(set(n));
  });
  const atMost = Math.ceil(
    (driverLimits.unsavedBytes + 2 * driverLimits.streamWindowBytes) / MEGABYTE,
  );
  const atLeast = Math.floor(driverLimits.unsavedBytes / MEGABYTE);
  await eventually(() => expect(asked()).toBeGreaterThanOrEqual(atLeast));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(asked()).toBeLessThanOrEqual(atMost);
  let seq = 1;
  while (asked() < count) {
    const value = { encoding: "bytes", data: new Uint8Array(0) };
    seq += 1;
    hold.deliver([{ seq, at: 1, kind: "state.written", ordinal: seq - 1, name: "k", value }]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(asked()).toBe(count);
});
