/** The traps of `docs/SECURITY.md`, generated from the route table where they are about routes. */
import { connect } from "node:net";
import { operations, type Operation } from "@perdure/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { policy, roles, type Policy, type Role } from "./access/roles.ts";
import { jsonRoute, register } from "./http/route.ts";
import { CallSocketClient } from "./testing/calls.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { allOperations, sampleOf } from "./testing/samples.test-support.ts";
import * as z from "zod";

let rig: Rig;
/** The operations that this server serves. */
let served: readonly Operation[];

beforeAll(async () => {
  rig = await Rig.open({ limits: { strangerPerSecond: 100_000, strangerBurst: 100_000 } });
  const document = (await (await fetch(`${rig.server.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
  };
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  served = allOperations.filter((operation) => ids.includes(operation));
});

afterAll(() => rig[Symbol.asyncDispose]());

async function statusOf(operation: Operation, key: string, runId?: string): Promise<number> {
  const response = await rig.fetch(operation, { ...sampleOf(operation, runId), key });
  await response.body?.cancel();
  return response.status;
}

/** What a WebSocket is answered instead of a handshake; 101: it is open. */
function upgradeStatus(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(rig.server.url.replace("http", "ws") + path, { headers });
    socket.on("unexpected-response", (_, { statusCode = 0 }) => {
      resolve(statusCode);
      socket.terminate();
    });
    socket.on("open", () => {
      resolve(101);
      socket.terminate();
    });
    socket.on("error", reject);
  });
}

describe("T1: one identity a request", () => {
  test.each(["authorization", "perdure-namespace", "Host", "oRigin"])(
    "two headers %s are refused",
    async (name) => {
      const text = await raw(
        `GET /v1/whoami HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${rig.admin}\r\n` +
          `${name}: a\r\n${name}: b\r\nConnection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1.1 400 /);
    },
  );

  test("a namespace in a body, a key, a query or a schedule is an unknown field", async () => {
    const namespace = "other";
    const start = { workflow: "echo", queue: "main", input: { value: 1 } };
    const key = { kind: "workflow", id: "k", namespace };
    for (const body of [
      { ...start, namespace },
      { ...start, key },
    ]) {
      expect((await rig.call("runs.start", { body })).status).toBe(400);
    }
    const signal = { key, name: "go" };
    expect((await rig.call("keys.signal", { body: signal })).status).toBe(400);
    const schedule = { ...(sampleOf("schedules.put").body as object), namespace };
    expect((await rig.call("schedules.put", { body: schedule })).status).toBe(400);
    expect((await rig.call("runs.list", { query: { namespace } })).status).toBe(400);
  });

  test("only an admin of the server may name another namespace", async () => {
    const other = { "perdure-namespace": "other" };
    const whoami = (key: string) => rig.call("server.whoami", { key, headers: other });
    expect((await whoami(rig.admin)).body["namespace"]).toBe("other");
    expect((await whoami(await rig.key("admin"))).status).toBe(403);
    expect((await whoami(await rig.key("operator"))).status).toBe(403);
    for (const name of ["$perdure", "*", "../x", "a b"]) {
      const named = { "perdure-namespace": name };
      expect((await rig.call("server.whoami", { headers: named })).status).toBe(400);
    }
  });
});

describe("T2: every way in asks who you are", () => {
  test("every route without a credential, with a wrong one, and with one in the query, is 401", async () => {
    for (const operation of served) {
      for (const key of ["", "pdk_0123456789abcdef_" + "A".repeat(43), "x", "pdk__"]) {
        expect([operation, key, await statusOf(operation, key)]).toEqual([operation, key, 401]);
      }
    }
    const query = await fetch(`${rig.server.url}/v1/whoami?access_token=${rig.admin}`);
    expect(query.status).toBe(401);
  });

  test("an upgrade without one is 401 too, on every path", async () => {
    const path = operations["workers.stream"].path;
    const calls = operations["server.calls"].path;
    for (const door of [path, calls]) {
      expect(await upgradeStatus(door, {})).toBe(401);
      expect(await upgradeStatus(door, { authorization: "Bearer x" })).toBe(401);
      expect(await upgradeStatus(`${door}?access_token=${rig.admin}`, {})).toBe(401);
      const authorization = `Bearer ${await rig.key("admin")}`;
      const other = { authorization, "perdure-namespace": "other" };
      expect(await upgradeStatus(door, other)).toBe(403);
      const page = { authorization, origin: "https://evil.example" };
      expect(await upgradeStatus(door, page)).toBe(403);
    }
    const viewer = await rig.key("viewer");
    expect(await upgradeStatus(path, { authorization: `Bearer ${viewer}` })).toBe(403);
    expect(await upgradeStatus(calls, { authorization: `Bearer ${viewer}` })).toBe(101);
    expect(await upgradeStatus("/v1/runs", { authorization: `Bearer ${viewer}` })).toBe(404);
    const worker = await rig.key("worker");
    expect(await upgradeStatus(path, { authorization: `Bearer ${worker}` })).toBe(101);
  });

  test("a route without a policy, or twice, does not register", () => {
    const route = jsonRoute({
      operation: "server.whoami",
      summary: "",
      answer: z.any(),
      handle: async () => ({}),
    });
    const { "server.whoami": _, ...without } = policy;
    expect(() => register([route], without as Policy)).toThrow("has no policy");
    expect(() => register([route], { ...policy, "server.whoami": [] })).toThrow("has no policy");
    expect(() => register([route, route], policy)).toThrow("is there twice");
  });
});

/** They are not called over a socket: nobody gets as far as being refused for their role. */
function isStream(operation: Operation): boolean {
  return ["runs.watch", "transfer.export", "transfer.import"].includes(operation);
}

describe("T8: one table of roles", () => {
  test("every operation, asked by every role, is refused exactly where the table says so", async () => {
    const keys = new Map<Role, string>();
    for (const role of roles) keys.set(role, await rig.key(role));
    for (const operation of served) {
      for (const role of roles) {
        const status = await statusOf(operation, keys.get(role)!);
        const allowed = policy[operation].includes(role);
        expect([operation, role, status !== 403]).toEqual([operation, role, allowed]);
      }
    }
  });

  test("every operation, called over a socket by every role, has the status that it has over HTTP", async () => {
    for (const role of roles) {
      const key = await rig.key(role);
      const socket = await CallSocketClient.open(rig.server.url, key);
      for (const operation of served.filter((name) => !isStream(name))) {
        const { status } = await socket.call(operation, sampleOf(operation));
        const allowed = policy[operation].includes(role);
        expect([operation, role, status !== 403]).toEqual([operation, role, allowed]);
      }
      for (const operation of served.filter(isStream)) {
        expect((await socket.call(operation, sampleOf(operation))).status).toBe(400);
      }
      socket.close();
    }
  });
});

describe("T7: what is another tenant's is not there", () => {
  test("every verb on a foreign run is the same 404 as on a run that does not exist", async () => {
    const runId = await rig.start("wait", {}, await rig.key("client", "tenant-b"));
    const stranger = await rig.key("admin", "tenant-a");
    const onRuns = served.filter((operation) => operations[operation].path.includes("{runId}"));
    expect(onRuns.length).toBeGreaterThan(10);
    const missing = "00000000-0000-8000-8000-000000000000";
    for (const operation of onRuns) {
      const key = stranger;
      const theirs = await rig.call(operation, { ...sampleOf(operation, runId), key });
      const none = await rig.call(operation, { ...sampleOf(operation, missing), key });
      expect([operation, theirs.status]).toEqual([operation, 404]);
      expect(theirs.text.replaceAll(runId, "id")).toBe(none.text.replaceAll(missing, "id"));
    }
    const socket = await CallSocketClient.open(rig.server.url, stranger);
    for (const operation of onRuns.filter((name) => !isStream(name))) {
      const theirs = await socket.call(operation, sampleOf(operation, runId));
      const none = await socket.call(operation, sampleOf(operation, missing));
      expect([operation, theirs.status]).toEqual([operation, 404]);
      expect(theirs.body?.replaceAll(runId, "id")).toBe(none.body?.replaceAll(missing, "id"));
    }
    socket.close();
    const { body } = await rig.call("runs.describe", {
      params: { runId },
      headers: {
        "perdure-namespace": "tenant-b",
      },
    });
    expect(body["row"]).toMatchObject({ status: "open" });
  });

  test("keys, schedules, lists and counts of another tenant are empty", async () => {
    const owner = await rig.key("operator", "tenant-b");
    const key = { kind: "workflow", id: "secret-order" };
    await rig.start("wait", { key, attributes: { card: "4711" } }, owner);
    await rig.call("schedules.put", { ...sampleOf("schedules.put"), key: owner });
    const stranger = await rig.key("admin", "tenant-a");
    const by = { key: stranger };
    expect((await rig.call("keys.lookup", { query: key, ...by })).body).toEqual({});
    expect((await rig.call("keys.signal", { body: { key, name: "go" }, ...by })).status).toBe(404);
    expect((await rig.call("runs.list", by)).body.rows).toEqual([]);
    expect((await rig.call("runs.count", by)).body["count"]).toBe(0);
    expect((await rig.call("schedules.list", by)).body["schedules"]).toEqual([]);
    expect((await rig.call("schedules.describe", { query: { id: "s" }, ...by })).status).toBe(404);
    expect((await rig.call("apiKeys.list", by)).text).not.toContain("tenant-b");
  });

  test("an API key of another tenant cannot be rotated or revoked", async () => {
    const theirs = await rig.server.apiKeys.create({ namespace: "tenant-b", role: "client" }, "t");
    const key = await rig.key("admin", "tenant-a");
    const params = { keyId: theirs.key.id };
    expect((await rig.call("apiKeys.revoke", { params, key })).status).toBe(404);
    expect((await rig.call("apiKeys.rotate", { params, key, body: {} })).status).toBe(404);
    const body = { role: "admin", namespace: "tenant-b" };
    expect((await rig.call("apiKeys.create", { body, key })).status).toBe(403);
    expect((await rig.call("server.whoami", { key: theirs.secret })).status).toBe(200);
  });
});

describe("T4: ids are data", () => {
  const corpus = [
    "' OR '1'='1",
    '"; DROP TABLE runs; --',
    "%",
    "_",
    "\\",
    "a'||'b",
    "$.x",
    "x') UNION SELECT secret FROM keys --",
    "{$ne: null}",
    "../../etc/passwd",
    "\u202Egnirts",
    "a".repeat(512),
  ];

  test("a hostile id finds what has it, and nothing else", async () => {
    await rig.start("wait", { key: { kind: "workflow", id: "plain" } });
    for (const id of corpus) {
      const attributes = { [id.slice(0, 100)]: id };
      const runId = await rig.start("wait", { key: { kind: "workflow", id }, attributes });
      const byKey = await rig.call("runs.list", { query: { key: id } });
      expect(byKey.body.rows).toMatchObject([{ runId }]);
      const query = { attributes: JSON.stringify(attributes) };
      expect((await rig.call("runs.list", { query })).body.rows).toMatchObject([{ runId }]);
      expect(
        (await rig.call("runs.count", { query: { workflow: id.slice(0, 256) } })).body,
      ).toEqual({
        count: 0,
      });
      expect((await rig.call("keys.lookup", { query: { kind: "workflow", id } })).body.runId).toBe(
        runId,
      );
    }
  });
});

describe("T3: tokens that a client could build", () => {
  test("a bent cursor, seq or id is refused or finds nothing of others'", async () => {
    const key = await rig.key("viewer", "tenant-c");
    const theirs = await rig.start("wait");
    const cursor = Buffer.from(`${Date.now()}/${theirs}`).toString("base64url");
    const page = await rig.call("runs.list", { query: { cursor }, key });
    expect(page.body.rows).toEqual([]);
    for (const bent of ["!", "%%%", "MTIz", cursor.slice(0, -3)]) {
      const { status } = await rig.call("runs.list", { query: { cursor: bent }, key });
      expect([200, 400]).toContain(status);
    }
    const headers = { "last-event-id": "-1" };
    const params = { runId: theirs };
    expect((await rig.call("runs.watch", { params, headers })).status).toBe(400);
  });
});

describe("T6: paths", () => {
  test.each([
    "/v1/runs/..%2f..%2fapi-keys",
    "/v1/runs/../api-keys",
    "/v1/runs/%2e%2e/api-keys",
    "/v1//runs",
    "/v1/runs/x%00",
    "/v1/runs/x%5c..",
    "/v1/runs/..",
    "/v1/runs?cursor=%00",
    "//evil.example/v1/runs",
    "/v1/runs;x",
  ])("%s is refused", async (target) => {
    const text = await raw(
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${rig.admin}\r\n` +
        "Connection: close\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("over a socket", () => {
  let socket: CallSocketClient;
  beforeAll(async () => {
    socket = await CallSocketClient.open(rig.server.url, await rig.key("admin"));
  });
  afterAll(() => socket.close());

  test("T1: a namespace has no place in a call", async () => {
    const namespace = "other";
    const body = { ...(sampleOf("runs.start").body as object), namespace };
    expect((await socket.call("runs.start", { body })).status).toBe(400);
    expect((await socket.call("runs.list", { query: { namespace } })).status).toBe(400);
    const listing = { type: "call", id: 4_999, operation: "runs.list", query: "" } as const;
    socket.say({ ...listing, params: { namespace } });
    expect((await socket.answer(4_999)).status).toBe(400);
    const headers = { "perdure-namespace": namespace, authorization: `Bearer ${rig.admin}` };
    const call = { type: "call", operation: "server.whoami", params: {}, query: "" } as const;
    socket.say({ ...call, id: 5_000, headers });
    expect((await socket.answer(5_000)).body).toContain('"namespace":"default"');
  });

  test.each(["../api-keys", "..", ".", "", "x/y", "x\0", "x\\..", "x;y", "ü", "a".repeat(8_000)])(
    "T6: %j does not get into a path",
    async (runId) => {
      const { status } = await socket.call("runs.describe", { params: { runId } });
      expect([400, 413]).toContain(status);
    },
  );

  test("T6: a parameter that is missing, and a query with a NUL, are refused", async () => {
    expect((await socket.call("runs.describe")).status).toBe(400);
    expect((await socket.call("runs.list", { query: { cursor: "\0" } })).status).toBe(400);
  });
});

/** What a server says to bytes that no client library would send. */
function raw(request: string): Promise<string> {
  const { port, hostname } = new URL(rig.server.url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
