import { PerdureError } from "@perdure/kernel";
import { expect, test } from "vitest";
import { restateLimits } from "../limits.ts";
import { DeploymentRegistry } from "./registry.ts";
import { endpoint, fakeWorld, greeter, type FakeWorld } from "./registry.test-support.ts";
import { restateCodeOf } from "./restate-error.ts";

const uri = "http://127.0.0.1:9080";
const other = "http://127.0.0.1:9081";

async function opened(
  ...endpoints: readonly (readonly [string, ReturnType<typeof endpoint>])[]
): Promise<FakeWorld & { readonly registry: DeploymentRegistry }> {
  const world = fakeWorld();
  for (const [at, found] of endpoints) world.endpoints.set(at, found);
  return { ...world, registry: await DeploymentRegistry.open(world) };
}

async function refused(work: Promise<unknown>): Promise<readonly [string, string | undefined]> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PerdureError)) throw new Error(`not refused: ${String(error)}`);
  return [error.code, restateCodeOf(error)];
}

test("an endpoint is registered once: the same again changes nothing and tells nobody", async () => {
  const { registry } = await opened([uri, greeter()]);
  const changes: string[] = [];
  registry.onChange((namespace) => changes.push(namespace));
  const first = await registry.register("shop", { uri: `${uri}/`, metadata: { git: "abc" } });
  expect(first.isNew).toBe(true);
  expect(first.record.deployment).toMatchObject({
    namespace: "shop",
    uri,
    protocolVersion: 7,
    protocolMode: "BIDI_STREAM",
    metadata: { git: "abc" },
    sdkVersion: "restate-sdk-test/1.0.0",
  });
  expect(first.record.deployment.id).toMatch(/^dp_1[0-9A-Za-z]{22}$/);
  const again = await registry.register("shop", { uri });
  expect(again).toEqual({ record: first.record, isNew: false });
  expect(changes).toEqual(["shop"]);
  expect(registry.namespaces()).toEqual(["shop"]);
  expect(registry.catalog("shop").handler("Greeter", "greet")).toMatchObject({ type: "SERVICE" });
  expect(registry.catalog("other").handler("Greeter", "greet")).toBeUndefined();
});

test("a changed manifest at a known address needs force, keeps the id, and gets a new revision", async () => {
  const { registry, endpoints } = await opened([uri, greeter()]);
  const { record } = await registry.register("shop", { uri });
  endpoints.set(uri, greeter({}, { name: "wave" }));
  expect(await refused(registry.register("shop", { uri }))).toEqual(["conflict", "META0004"]);
  await expect(registry.register("shop", { uri })).rejects.toThrow("Greeter/wave is new");
  const forced = await registry.register("shop", { uri, force: true });
  expect(forced.isNew).toBe(false);
  expect(forced.record.deployment.id).toBe(record.deployment.id);
  expect(registry.catalog("shop").service("Greeter")?.revision).toBe(2);
  expect(registry.catalog("shop").handler("Greeter", "wave")).toBeDefined();
});

test("the order of services, handlers and fields is no change", async () => {
  const a = { name: "A", ty: "SERVICE", handlers: [{ name: "x" }, { name: "y" }] };
  const b = { ty: "SERVICE", handlers: [{ name: "z" }], name: "B", documentation: null };
  const { registry, endpoints } = await opened([uri, endpoint(a, b)]);
  await registry.register("shop", { uri });
  const turned = { ...a, handlers: a.handlers.toReversed() };
  endpoints.set(uri, endpoint({ handlers: b.handlers, name: "B", ty: "SERVICE" }, turned));
  expect((await registry.register("shop", { uri })).isNew).toBe(false);
});

test("the latest deployment gets new invocations; the one before keeps its own handlers", async () => {
  const first = endpoint(
    { name: "Greeter", ty: "SERVICE", handlers: [{ name: "greet" }, { name: "old" }] },
    { name: "Other", ty: "SERVICE", handlers: [{ name: "x" }] },
  );
  const { registry } = await opened([uri, first], [other, greeter()]);
  const old = (await registry.register("shop", { uri })).record.deployment.id;
  const now = (await registry.register("shop", { uri: other })).record.deployment.id;
  const catalog = registry.catalog("shop");
  expect(catalog.service("Greeter")).toMatchObject({ deploymentId: now, revision: 2 });
  expect(catalog.handler("Greeter", "old")).toBeUndefined();
  expect(catalog.handlerAt(old, "Greeter", "old")).toBeDefined();
  expect(catalog.latestOf(old).map((view) => view.service)).toEqual(["Other"]);
  expect(catalog.handlersOf(old)).toHaveLength(3);
  await registry.remove("shop", now);
  expect(registry.catalog("shop").service("Greeter")).toMatchObject({ deploymentId: old });
  expect(await refused(registry.remove("shop", now))).toEqual(["not-found", undefined]);
});

test("a service keeps its type unless breaking is given", async () => {
  const object = { name: "Greeter", ty: "VIRTUAL_OBJECT", handlers: [{ name: "greet" }] };
  const { registry } = await opened([uri, greeter()], [other, endpoint(object)]);
  await registry.register("shop", { uri });
  const change = registry.register("shop", { uri: other });
  expect(await refused(change)).toEqual(["conflict", "META0006"]);
  await registry.register("shop", { uri: other, breaking: true });
  expect(registry.catalog("shop").handler("Greeter", "greet")).toMatchObject({ type: "EXCLUSIVE" });
});

test("a dry run says what would be and keeps nothing", async () => {
  const { registry } = await opened([uri, greeter()]);
  const { record, isNew } = await registry.register("shop", { uri, dryRun: true });
  expect([record.services.length, isNew]).toEqual([1, true]);
  expect(registry.namespaces()).toEqual([]);
});

test("settings are the handler's, else the service's, else the server's; a patch is above them", async () => {
  const cart = {
    name: "Cart",
    ty: "VIRTUAL_OBJECT",
    inactivityTimeout: 1_000,
    idempotencyRetention: 5_000,
    retryPolicyMaxAttempts: 3,
    retryPolicyOnMaxAttempts: "KILL",
    handlers: [
      { name: "add", inactivityTimeout: 2_000, ingressPrivate: true },
      { name: "peek", ty: "SHARED", enableLazyState: true },
    ],
  };
  const { registry, endpoints } = await opened([uri, endpoint(cart)]);
  await registry.register("shop", { uri });
  const settings = (name: string) => registry.catalog("shop").handler("Cart", name)?.settings;
  expect(settings("add")).toMatchObject({
    inactivityTimeoutMs: 2_000,
    abortTimeoutMs: 600_000,
    idempotencyRetentionMs: 5_000,
    isPrivate: true,
    enableLazyState: false,
    retry: {
      initialMs: 500,
      factor: 2,
      maxIntervalMs: 60_000,
      maxAttempts: 3,
      onMaxAttempts: "KILL",
    },
  });
  expect(settings("peek")).toMatchObject({
    inactivityTimeoutMs: 1_000,
    isPrivate: false,
    enableLazyState: true,
  });
  const patch = { public: false, inactivityTimeoutMs: 7_000 };
  const view = await registry.patchService("shop", "Cart", patch);
  expect([view.isPublic, view.revision]).toEqual([false, 1]);
  expect(settings("add")?.inactivityTimeoutMs).toBe(7_000);
  await registry.patchService("shop", "Cart", { public: true });
  expect(settings("add")).toMatchObject({ isPrivate: false, inactivityTimeoutMs: 7_000 });
  // The next discovery that brings something new forgets what a person has changed.
  endpoints.set(uri, endpoint({ ...cart, documentation: "of a cart" }));
  await registry.register("shop", { uri, force: true });
  expect(settings("add")).toMatchObject({ isPrivate: true, inactivityTimeoutMs: 2_000 });
  expect(await refused(registry.patchService("shop", "Nobody", patch))).toEqual([
    "not-found",
    undefined,
  ]);
});

test("an address can be changed, to one that speaks the same and is nobody else's", async () => {
  const { registry, endpoints } = await opened([uri, greeter()], [other, greeter()]);
  const { id } = (await registry.register("shop", { uri })).record.deployment;
  const moved = await registry.update("shop", id, { uri: other, additionalHeaders: { A: "b" } });
  expect(moved.deployment).toMatchObject({ id, uri: other, additionalHeaders: { a: "b" } });
  endpoints.set(other, greeter({}, { name: "wave" }));
  await registry.update("shop", id, {});
  expect(registry.catalog("shop").handler("Greeter", "wave")).toBeUndefined();
  await registry.update("shop", id, { overwrite: true });
  expect(registry.catalog("shop").service("Greeter")?.revision).toBe(1);
  expect(registry.catalog("shop").handler("Greeter", "wave")).toBeDefined();
  await registry.register("shop", { uri });
  expect(await refused(registry.update("shop", id, { uri }))).toEqual(["conflict", "META0004"]);
  const { manifest } = greeter();
  endpoints.set(other, {
    ...greeter(),
    manifest: { ...(manifest as object), maxProtocolVersion: 6 },
  });
  expect(await refused(registry.update("shop", id, {}))).toEqual(["conflict", "META0012"]);
});

test("what another node has registered is seen at the next tick, and when somebody asks", async () => {
  const here = await opened([uri, greeter()]);
  const there = await DeploymentRegistry.open(here);
  await here.registry.register("shop", { uri });
  expect(there.catalog("shop").service("Greeter")).toBeUndefined();
  await here.pass();
  expect(there.catalog("shop").service("Greeter")).toBeDefined();
  await here.registry.register("bar", { uri });
  expect((await there.refresh("bar")).service("Greeter")).toBeDefined();
  const again = await DeploymentRegistry.open(here);
  expect([...again.namespaces()].toSorted()).toEqual(["bar", "shop"]);
  again.close();
  there.close();
});

test("two registrations at once make one deployment", async () => {
  const { registry } = await opened([uri, greeter()]);
  const both = await Promise.all([
    registry.register("shop", { uri }),
    registry.register("shop", { uri }),
  ]);
  expect(both.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(registry.catalog("shop").records).toHaveLength(1);
});

test.each([
  ["a version that is too old", { minProtocolVersion: 1, maxProtocolVersion: 4 }, "META0012"],
  ["a version that is too new", { minProtocolVersion: 8, maxProtocolVersion: 9 }, "META0012"],
  ["versions the wrong way round", { minProtocolVersion: 7, maxProtocolVersion: 5 }, "META0012"],
  ["no services", { services: "none" }, "META0003"],
  ["a service twice", { services: [service("A"), service("A")] }, "META0003"],
  ["a name of the server's", { services: [service("restate")] }, "META0003"],
  ["a name of native workflows", { services: [service("perdure.main")] }, "META0003"],
  ["a name with a slash", { services: [service("a/b")] }, "META0003"],
  ["a handler with a dot", { services: [service("A", [{ name: "a.b" }])] }, "META0003"],
  ["a handler twice", { services: [service("A", [{ name: "a" }, { name: "a" }])] }, "META0003"],
  [
    "a shared handler of a service",
    { services: [service("A", [{ name: "a", ty: "SHARED" }])] },
    "META0003",
  ],
  ["a workflow without run", { services: [{ ...service("W", []), ty: "WORKFLOW" }] }, "META0003"],
  ["a negative timeout", { services: [{ ...service("A"), abortTimeout: -1 }] }, "META0003"],
])("a manifest with %s is refused", async (_, wrong, code) => {
  const found = greeter();
  const { registry } = await opened([
    uri,
    { ...found, manifest: { ...(found.manifest as object), ...wrong } },
  ]);
  expect(await refused(registry.register("shop", { uri }))).toEqual(["invalid-argument", code]);
});

test.each([
  "nonsense",
  "ftp://host/",
  "http://user@host/",
  "http://host/?a=b",
  "http://host/#part",
])("the address %s is refused before anybody is asked", async (text) => {
  const { registry, asked } = await opened();
  const refusal = await refused(registry.register("shop", { uri: text }));
  expect(refusal).toEqual(["invalid-argument", undefined]);
  expect(asked).toEqual([]);
});

test.each([
  { "content-type": "x" },
  { "x-restate-jwt-v1": "x" },
  { "a b": "x" },
  { a: "x\r\ny: z" },
])("the additional headers %j are refused", async (additionalHeaders) => {
  const { registry } = await opened([uri, greeter()]);
  const refusal = await refused(registry.register("shop", { uri, additionalHeaders }));
  expect(refusal).toEqual(["invalid-argument", undefined]);
});

function words(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, "x"]));
}

test("every limit is taken at its value and refused one past it", async () => {
  const { registry, endpoints } = await opened([uri, greeter()]);
  const limits = restateLimits;
  const fits = async (request: object) => {
    await registry.register("shop", { uri, dryRun: true, ...request });
  };
  const passes = async (request: object) => (await refused(fits(request)))[0];
  await fits({ additionalHeaders: words(limits.deploymentHeaders) });
  expect(await passes({ additionalHeaders: words(limits.deploymentHeaders + 1) })).toBe(
    "limit-exceeded",
  );
  await fits({ additionalHeaders: { a: "x".repeat(limits.deploymentHeaderChars) } });
  expect(
    await passes({ additionalHeaders: { a: "x".repeat(limits.deploymentHeaderChars + 1) } }),
  ).toBe("limit-exceeded");
  await fits({ metadata: words(limits.deploymentMetadata) });
  expect(await passes({ metadata: words(limits.deploymentMetadata + 1) })).toBe("limit-exceeded");
  await fits({ metadata: { a: "x".repeat(limits.deploymentMetadataChars - 1) } });
  expect(await passes({ metadata: { a: "x".repeat(limits.deploymentMetadataChars) } })).toBe(
    "limit-exceeded",
  );
  const long = `${uri}/`.padEnd(limits.uriChars, "x");
  endpoints.set(long, greeter());
  await fits({ uri: long });
  expect(await passes({ uri: `${long}x` })).toBe("invalid-argument");
  const listed = async (...services: readonly object[]) => {
    endpoints.set(uri, endpoint(...(services as readonly Record<string, unknown>[])));
    return fits({}).then(
      () => true,
      () => false,
    );
  };
  const many = (count: number) => Array.from({ length: count }, (_, at) => service(`s${at}`));
  expect(await listed(...many(limits.deploymentServices))).toBe(true);
  expect(await listed(...many(limits.deploymentServices + 1))).toBe(false);
  const handlers = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `h${at}` }));
  expect(await listed(service("A", handlers(limits.serviceHandlers)))).toBe(true);
  expect(await listed(service("A", handlers(limits.serviceHandlers + 1)))).toBe(false);
  expect(await listed(service("A".repeat(limits.serviceNameChars)))).toBe(true);
  expect(await listed(service("A".repeat(limits.serviceNameChars + 1)))).toBe(false);
  expect(await listed(service("A", [{ name: "h".repeat(limits.handlerNameChars) }]))).toBe(true);
  expect(await listed(service("A", [{ name: "h".repeat(limits.handlerNameChars + 1) }]))).toBe(
    false,
  );
});

test("a namespace has so many deployments and no more, each of them so large", async () => {
  const { registry, endpoints } = await opened();
  for (let at = 0; at <= restateLimits.deployments; at++) endpoints.set(`${uri}/${at}`, greeter());
  for (let at = 0; at < restateLimits.deployments; at++) {
    await registry.register("shop", { uri: `${uri}/${at}` });
  }
  const more = registry.register("shop", { uri: `${uri}/${restateLimits.deployments}` });
  expect(await refused(more)).toEqual(["limit-exceeded", undefined]);
  endpoints.set(uri, greeter({ documentation: "x".repeat(restateLimits.deploymentBytes) }));
  expect(await refused(registry.register("bar", { uri }))).toEqual(["limit-exceeded", undefined]);
});

function service(name: string, handlers: readonly object[] = [{ name: "h" }]) {
  return { name, ty: "SERVICE", handlers };
}
