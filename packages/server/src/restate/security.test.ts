/** The traps of `docs/SECURITY.md` at Restate's doors, generated from what each of them answers to. */
import { createServer } from "node:http";
import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roles, type Role } from "../access/roles.ts";
import { Rig } from "../testing/rig.test-support.ts";
import { OutboundGuard } from "../workers/push/outbound/guard.ts";
import { registered } from "./deployed.test-support.ts";
import { restatePolicy, type RestateOperation } from "./restate-policy.ts";

const NOBODY = "inv_1000000000000000000000000000000000";
const AWAKEABLE = `sign_1${"A".repeat(37)}R`;

interface Sample {
  /** Default: the ingress. */
  readonly door?: "admin";
  readonly operation: RestateOperation;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

function ingressSamples(id: string, awakeable: string): readonly Sample[] {
  const target = { target: "invocation", invocationId: id };
  return [
    { operation: "restate.invoke", method: "POST", path: "/Greeter/greet", body: 1 },
    { operation: "restate.invoke", method: "GET", path: "/Greeter/greet" },
    { operation: "restate.invoke", method: "POST", path: "/Greeter/greet/send", body: 1 },
    { operation: "restate.invoke", method: "POST", path: "/restate/call/Greeter/greet", body: 1 },
    { operation: "restate.invoke", method: "POST", path: "/restate/send/Greeter/greet", body: 1 },
    { operation: "restate.invoke", method: "POST", path: "/restate/scope/s/call/Greeter/greet" },
    { operation: "restate.awakeable", method: "POST", path: `/restate/a/${awakeable}/resolve` },
    {
      operation: "restate.awakeable",
      method: "POST",
      path: `/restate/awakeables/${awakeable}/reject`,
    },
    { operation: "restate.result", method: "GET", path: `/restate/invocation/${id}/output` },
    { operation: "restate.result", method: "GET", path: `/restate/invocation/${id}/attach` },
    {
      operation: "restate.result",
      method: "GET",
      path: "/restate/invocation/Greeter/greet/k/output",
    },
    { operation: "restate.result", method: "GET", path: "/restate/workflow/W/k/output" },
    { operation: "restate.result", method: "GET", path: `/restate/output/${id}` },
    { operation: "restate.result", method: "POST", path: "/restate/output", body: target },
    { operation: "restate.result", method: "POST", path: "/restate/lookup", body: target },
    { operation: "restate.health", method: "GET", path: "/restate/health" },
  ];
}

function adminSamples(id: string): readonly Sample[] {
  const door = "admin" as const;
  const query = { query: "select 1" };
  const samples: readonly Sample[] = [
    ...["/health", "/version", "/", "/deployments", "/v3/deployments/dp_1x"].map(reading),
    ...["/services/Greeter", "/services/Greeter/openapi"].map(reading),
    { operation: "restateAdmin.query", method: "POST", path: "/query", body: query },
    { operation: "restateAdmin.query", method: "POST", path: "/v2/query", body: query },
    { operation: "restateAdmin.deployments", method: "POST", path: "/deployments", body: {} },
    { operation: "restateAdmin.deployments", method: "POST", path: "/v4/deployments", body: {} },
    {
      operation: "restateAdmin.deployments",
      method: "PATCH",
      path: "/deployments/dp_1x",
      body: {},
    },
    {
      operation: "restateAdmin.deployments",
      method: "DELETE",
      path: "/deployments/dp_1x?force=true",
    },
    { operation: "restateAdmin.services", method: "PATCH", path: "/services/Nobody", body: {} },
    {
      operation: "restateAdmin.services",
      method: "POST",
      path: "/services/Nobody/state",
      body: {},
    },
    ...["cancel", "kill", "pause", "resume", "purge", "purge-journal", "restart-as-new"].map(
      (verb): Sample => {
        const path = `/invocations/${id}/${verb}`;
        return { operation: "restateAdmin.invocations", method: "PATCH", path };
      },
    ),
    { operation: "restateAdmin.invocations", method: "DELETE", path: `/invocations/${id}` },
  ];
  return samples.map((sample) => ({ ...sample, door }));
}

function reading(path: string): Sample {
  return { operation: "restateAdmin.read", method: "GET", path };
}

let rig: Rig;
let ingress: string;
let admin: string;

beforeAll(async () => {
  const loose = { strangerPerSecond: 100_000, strangerBurst: 100_000 };
  const restate = { enabled: true, ingressPort: 0, adminPort: 0 };
  rig = await Rig.open({ limits: loose, restate });
  ingress = rig.server.restate!.ingressUrl;
  admin = rig.server.restate!.adminUrl;
  await registered(rig.server.engine, "default");
});
afterAll(() => rig[Symbol.asyncDispose]());

async function ask(
  { door, method, path, body }: Omit<Sample, "operation">,
  key: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  // Nobody plays the handlers, so that a call would be waited for.
  return fetch((door === "admin" ? admin : ingress) + path, {
    method,
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined || method === "GET" ? {} : { body: JSON.stringify(body) }),
    redirect: "manual",
  });
}

async function statusOf(sample: Sample, key: string, headers = {}): Promise<number> {
  const response = await ask(sample, key, headers);
  await response.body?.cancel();
  return response.status;
}

const samples = [...ingressSamples(NOBODY, AWAKEABLE), ...adminSamples(NOBODY)];

describe("T2: every way in asks who you are", () => {
  test("every path without a credential, with a wrong one, and with one in the query, is 401", async () => {
    const wrong = ["", `pdk_0123456789abcdef_${"A".repeat(43)}`, "x"];
    for (const sample of samples) {
      for (const key of wrong) {
        const response = await ask(sample, key);
        expect([sample.path, response.status]).toEqual([sample.path, 401]);
        const error: unknown = await response.json();
        const shape = sample.door === "admin" ? { restate_code: null } : { source: "ingress" };
        expect(error).toMatchObject(shape);
      }
    }
    const path = `/restate/health?access_token=${rig.admin}`;
    expect(await statusOf({ operation: "restate.health", method: "GET", path }, "")).toBe(401);
    const nowhere = { operation: "restate.health", method: "GET", path: "/restate/none" } as const;
    expect(await statusOf(nowhere, "")).toBe(401);
    expect(await statusOf(nowhere, rig.admin)).toBe(404);
  });

  test("a request to upgrade is asked too, and answered as if it had not asked", async () => {
    const text = await raw(
      "GET /restate/health HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, close",
    );
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    const known = `Authorization: Bearer ${rig.admin}`;
    const path = "GET /restate/health HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close";
    expect(await raw(`${path}\r\n${known}`)).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("T8: one table of roles", () => {
  test("every operation, asked by every role, is refused exactly where the table says so", async () => {
    const reached = new Set<RestateOperation>();
    for (const role of roles) {
      const key = await rig.key(role);
      for (const sample of samples.filter(({ path }) => !path.endsWith("/greet"))) {
        const status = await statusOf(sample, key);
        const allowed = restatePolicy[sample.operation].includes(role);
        expect([sample.path, role, status !== 403]).toEqual([sample.path, role, allowed]);
        reached.add(sample.operation);
      }
    }
    expect([...reached].toSorted()).toEqual(Object.keys(restatePolicy).toSorted());
  });

  test.each<Role>(["viewer"])("a %s calls nothing, by either method", async (role) => {
    const key = await rig.key(role);
    for (const method of ["GET", "POST"]) {
      const call = { operation: "restate.invoke", method, path: "/Greeter/greet" } as const;
      expect(await statusOf(call, key)).toBe(403);
    }
  });
});

describe("T1: one identity a request", () => {
  test.each(["authorization", "perdure-namespace", "Host", "oRigin"])(
    "two headers %s are refused",
    async (name) => {
      const head = `GET /restate/health HTTP/1.1\r\nAuthorization: Bearer ${rig.admin}`;
      const text = await raw(`${head}\r\n${name}: a\r\n${name}: b\r\nConnection: close`);
      expect(text).toMatch(/^HTTP\/1.1 400 /);
    },
  );

  test("only an admin of the server may name another namespace", async () => {
    const other = { "perdure-namespace": "other" };
    const health = { operation: "restate.health", method: "GET", path: "/restate/health" } as const;
    const response = await ask(health, rig.admin, other);
    expect(await response.json()).toEqual({ services: [] });
    expect(await (await ask(health, rig.admin)).json()).toEqual({ services: ["Greeter"] });
    expect(await statusOf(health, await rig.key("admin"), other)).toBe(403);
    for (const name of ["$perdure", "*", "../x", "a b"]) {
      expect(await statusOf(health, rig.admin, { "perdure-namespace": name })).toBe(400);
    }
  });
});

describe("T7: what is another tenant's is not there", () => {
  test("a foreign invocation is the same 404 as one that does not exist", async () => {
    const send = samples.find(({ path }) => path === "/restate/send/Greeter/greet")!;
    const sent = await ask(send, rig.admin);
    const { invocationId } = (await sent.json()) as { readonly invocationId: string };
    const stranger = await rig.key("admin", "tenant-a");
    const results = ({ operation }: Sample): boolean => operation === "restate.result";
    for (const sample of ingressSamples(invocationId, AWAKEABLE).filter(results)) {
      const isAbout = sample.path.includes("inv_") || sample.path === "/restate/output";
      if (!isAbout) continue;
      const theirs = await ask(sample, stranger);
      expect([sample.path, theirs.status]).toEqual([sample.path, 404]);
    }
    // Of the same shape, and nobody's.
    const other = invocationId.slice(0, -1) + (invocationId.endsWith("0") ? "1" : "0");
    const missing = adminSamples(other);
    for (const [at, sample] of adminSamples(invocationId).entries()) {
      if (sample.operation !== "restateAdmin.invocations") continue;
      const theirs = await statusOf(sample, stranger);
      expect([sample.path, theirs]).toEqual([sample.path, await statusOf(missing[at]!, stranger)]);
      expect(theirs).toBeGreaterThanOrEqual(400);
    }
    const query = {
      door: "admin",
      operation: "restateAdmin.query",
      method: "POST",
      path: "/query",
      body: { query: "select id from sys_invocation" },
    } as const;
    const accept = { accept: "application/json" };
    expect(await (await ask(query, stranger, accept)).json()).toEqual({ rows: [] });
    expect(await (await ask(query, rig.admin, accept)).text()).toContain(invocationId);
    const call = {
      operation: "restate.invoke",
      method: "POST",
      path: "/Greeter/greet",
      body: 1,
    } as const;
    expect(await statusOf(call, stranger)).toBe(404);
  });
});

describe("T3: ids that a client could build", () => {
  test.each([
    "inv_1",
    "inv_1zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    `${NOBODY}0`,
    NOBODY.replace("inv_1", "inv_2"),
    "%27%20OR%201%3D1",
    "sign_1AAAA",
  ])("%s is refused and reaches nothing", async (id) => {
    for (const path of [`/restate/invocation/${id}/output`, `/restate/a/${id}/resolve`]) {
      const method = path.includes("/a/") ? "POST" : "GET";
      expect(await statusOf({ operation: "restate.result", method, path }, rig.admin)).toBe(400);
    }
  });
});

describe("T6: paths", () => {
  test.each([
    "/Greeter/../restate/health",
    "/Greeter/%2e%2e/greet",
    "/Greeter/.%2E/greet",
    "/Greeter/./greet",
    "/Greeter/greet/..",
    "//evil.example/Greeter/greet",
    "/Greeter/x%00/greet",
    "/Greeter\\greet",
    "/Greeter/greet;x",
    "/Greeter/greet?delay=%00",
  ])("%s is refused", async (target) => {
    const head = `GET ${target} HTTP/1.1\r\nAuthorization: Bearer ${rig.admin}`;
    expect(await raw(`${head}\r\nConnection: close`)).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("T10: pages in a browser", () => {
  test.each([
    ["a page of another origin", { origin: "https://evil.example" }],
    ["a picture on such a page", { "sec-fetch-site": "cross-site" }],
    ["a page of a sibling site", { "sec-fetch-site": "same-site" }],
    ["a name that leads here", { host: "evil.example" }],
  ])("%s is refused", async (_, headers) => {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const own = "host" in headers ? "" : `\r\nHost: ${new URL(ingress).host}`;
    const head = `GET /Greeter/greet HTTP/1.1${own}\r\nAuthorization: Bearer ${rig.admin}`;
    const text = await rawLines(`${head}\r\n${fields.join("\r\n")}\r\nConnection: close`);
    expect(text).toMatch(/^HTTP\/1.1 403 /);
  });
});

describe("pages of origins that the operator has named", () => {
  const page = { origin: "https://app.example", "sec-fetch-site": "cross-site" };
  const restate = { enabled: true, ingressPort: 0, adminPort: 0 };

  test.each([["https://app.example"], ["*"]])(
    "%s may ask first, call, and read",
    async (allowed) => {
      await using open = await Rig.open({ restate: { ...restate, allowedOrigins: [allowed] } });
      const url = `${open.server.restate!.ingressUrl}/restate/health`;
      const asking = { ...page, "access-control-request-method": "POST" };
      const first = await fetch(url, {
        method: "OPTIONS",
        headers: { ...asking, "access-control-request-headers": "authorization" },
      });
      expect(first.status).toBe(204);
      expect(first.headers.get("access-control-allow-origin")).toBe(page.origin);
      expect(first.headers.get("access-control-allow-headers")).toBe("authorization");
      const known = { ...page, authorization: `Bearer ${open.admin}` };
      const answer = await fetch(url, { headers: known });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
        200,
        page.origin,
      ]);
      expect((await fetch(url, { headers: page })).status).toBe(401);
    },
  );

  test("nobody else may", async () => {
    const allowedOrigins = ["https://app.example"];
    await using open = await Rig.open({ restate: { ...restate, allowedOrigins } });
    const url = `${open.server.restate!.ingressUrl}/restate/health`;
    const headers = { origin: "https://evil.example", "access-control-request-method": "GET" };
    const first = await fetch(url, { method: "OPTIONS", headers });
    expect([first.status, first.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });
});

describe("T12: the address is judged, not the name", () => {
  const guarded = (allow: readonly string[], resolve: () => Promise<readonly string[]>) =>
    new OutboundGuard({ allow, resolve, connectMs: 1_000, setting: "restate.allow" });

  test("what a name resolves to is judged each time", async () => {
    const answers = [["8.8.8.8"], ["127.0.0.1"], ["10.0.0.1", "8.8.4.4"], ["8.8.8.8"]];
    const guard = guarded([], async () => answers.shift() ?? []);
    const origin = new URL("https://app.example/");
    expect(await guard.addresses(origin)).toEqual(["8.8.8.8"]);
    await expect(guard.addresses(origin)).rejects.toThrow(/not a public host.*restate\.allow/);
    expect(await guard.addresses(origin)).toEqual(["8.8.4.4"]);
    await expect(guard.addresses(new URL("http://app.example/"))).rejects.toThrow(/use https/);
    await expect(guard.addresses(new URL("https://127.0.0.1/"))).rejects.toThrow(/loopback/);
    const local = guarded(["127.0.0.0/8"], async () => ["127.0.0.1"]);
    expect(await local.addresses(new URL("http://localhost:9080/"))).toEqual(["127.0.0.1"]);
  });
});

describe("a server without access", () => {
  test.each([{ dev: true }, { insecure: true }])(
    "%j serves this machine without a key",
    async (mode) => {
      const restate = { enabled: true, ingressPort: 0, adminPort: 0, namespace: "team" };
      await using open = await Rig.open({ ...mode, restate });
      const url = open.server.restate!.ingressUrl;
      await registered(open.server.engine, "team");
      expect((await fetch(`${url}/restate/health`)).status).toBe(200);
      const named = await fetch(`${url}/Greeter/greet/send`, { method: "POST" });
      expect(named.status).toBe(202);
      const page = await fetch(`${url}/restate/health`, {
        headers: { origin: "http://evil.example" },
      });
      expect(page.status).toBe(403);
      const wrong = { headers: { authorization: "Bearer pdk_wrong" } };
      expect((await fetch(`${url}/restate/health`, wrong)).status).toBe(401);
    },
  );

  test("a port that is taken is said, and nothing stays open", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const restate = { enabled: true, ingressPort: port, adminPort: 0 };
    await expect(Rig.open({ restate })).rejects.toThrow(/another process has it/);
    other.close();
  });
});

/** What the ingress says to a head that no client library would send. */
function raw(head: string): Promise<string> {
  return rawLines(head.replace("\r\n", `\r\nHost: ${new URL(ingress).host}\r\n`));
}

function rawLines(head: string): Promise<string> {
  const { port, hostname } = new URL(ingress);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(`${head}\r\n\r\n`));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
