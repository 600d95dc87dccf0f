import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { restateLimits } from "../../limits.ts";
import { adminOperationOf } from "./admin.ts";
import { inv, newRig, value, type Rig } from "./admin.test-support.ts";

const uri = "http://127.0.0.1:9080/";

describe("the admin API", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await newRig();
  });
  afterEach(() => rig.close());

  const body = async (answer: Promise<Response> | Response) =>
    (await (await answer).json()) as Record<string, unknown>;
  const statusOf = async (method: string, path: string, sent?: unknown) =>
    (await rig.ask(method, path, sent)).status;

  async function register(): Promise<string> {
    const answer = await rig.ask("POST", "/v4/deployments", { uri });
    expect(answer.status).toBe(201);
    return String((await body(answer))["id"]);
  }

  it("says what it is, with and without a version in the path", async () => {
    expect(await statusOf("GET", "/health")).toBe(200);
    for (const path of ["/version", "/v2/version", "/v3/version", "/v4/version"]) {
      expect(await body(rig.ask("GET", path))).toMatchObject({
        version: "1.7.12",
        min_admin_api_version: 2,
        max_admin_api_version: 4,
        ingress_endpoint: "http://127.0.0.1:8080/",
        features: { protocol_v7: true, vqueues: false },
      });
    }
    expect(await statusOf("GET", "/v5/version")).toBe(404);
    expect(await body(rig.ask("GET", "/cluster-health"))).toMatchObject({
      cluster_name: "perdure",
    });
    expect(await (await rig.ask("GET", "/")).text()).toMatch(/perdure runs list/);
    const nothing = await rig.ask("GET", "/nothing");
    expect(nothing.status).toBe(404);
    expect(await body(nothing)).toEqual({
      message: expect.stringContaining("/nothing"),
      restate_code: null,
    });
  });

  it("registers, shows, patches and removes a deployment", async () => {
    const dry = await rig.ask("POST", "/deployments", { uri, dry_run: true });
    expect(dry.status).toBe(201);
    expect((await body(dry))["services"]).toHaveLength(3);
    expect(await body(rig.ask("GET", "/deployments"))).toEqual({ deployments: [] });
    const id = await register();
    const again = await rig.ask("POST", "/deployments", { uri });
    expect([again.status, again.headers.get("location")]).toEqual([200, `deployments/${id}`]);
    const [shown] = (await body(rig.ask("GET", "/deployments")))["deployments"] as unknown[];
    expect(shown).toMatchObject({
      id,
      uri,
      protocol_type: "BidiStream",
      http_version: "HTTP/2.0",
      sdk_version: "restate-sdk-test/1.0.0",
      services: expect.arrayContaining([{ name: "Counter", revision: 1 }]),
    });
    const changed = rig.ask("PATCH", `/deployments/${id}`, { additional_headers: { "x-a": "1" } });
    expect(await body(changed)).toMatchObject({ id, additional_headers: { "x-a": "1" } });
    expect(await statusOf("DELETE", `/deployments/${id}`)).toBe(501);
    expect(await statusOf("DELETE", `/deployments/${id}?force=true`)).toBe(202);
    expect(await statusOf("GET", `/deployments/${id}`)).toBe(404);
    expect(await statusOf("POST", "/deployments", { arn: "arn:x" })).toBe(400);
    expect(await statusOf("POST", "/deployments", {})).toBe(400);
  });

  it("shows services and handlers, and takes other settings for them", async () => {
    await register();
    const greeter = await body(rig.ask("GET", "/services/Greeter"));
    expect(greeter).toMatchObject({
      ty: "Service",
      documentation: "Greets.",
      revision: 1,
      public: true,
      idempotency_retention: "1d",
      inactivity_timeout: "1m",
      retry_policy: { initial_interval: "500ms", max_attempts: 70, on_max_attempts: "Pause" },
    });
    expect(greeter).not.toHaveProperty("workflow_completion_retention");
    const asked = { public: false, idempotency_retention: "2h", abort_timeout: "PT90S" };
    expect(await body(rig.ask("PATCH", "/services/Greeter", asked))).toMatchObject({
      public: false,
      idempotency_retention: "2h",
      abort_timeout: "1m 30s",
    });
    expect(await statusOf("PATCH", "/services/Greeter", { abort_timeout: "soon" })).toBe(400);
    const { handlers } = await body(rig.ask("GET", "/services/Counter/handlers"));
    expect(handlers).toMatchObject([
      { name: "add", ty: "Exclusive" },
      { name: "get", ty: "Shared" },
    ]);
    expect(await body(rig.ask("GET", "/services/Greeter/handlers/greet"))).toMatchObject({
      name: "greet",
      input_description: "application/json",
      output_description: "any",
    });
    expect(await statusOf("GET", "/services/Greeter/handlers/none")).toBe(404);
    expect(await statusOf("GET", "/services/None")).toBe(404);
    expect(await statusOf("PATCH", "/services/None", {})).toBe(404);
    const openapi = await body(rig.ask("GET", "/services/Counter/openapi"));
    expect(openapi).toMatchObject({
      openapi: "3.1.0",
      paths: { "/Counter/{key}/add": { post: {} }, "/Counter/{key}/add/send": { post: {} } },
    });
  });

  it("replaces the state of an object, but not under a handler that holds the key", async () => {
    await register();
    const change = { object_key: "c", new_state: { count: [53], name: [34, 120, 34] } };
    expect(await statusOf("POST", "/services/Counter/state", change)).toBe(202);
    const query = "SELECT key, value, value_utf8 FROM state ORDER BY key";
    expect(await rig.sql(query)).toEqual([
      { key: "count", value: "35", value_utf8: "5" },
      { key: "name", value: "227822", value_utf8: '"x"' },
    ]);
    const runId = await rig.start("Counter/c/add");
    const refused = await rig.ask("POST", "/services/Counter/state", change);
    expect(refused.status).toBe(409);
    expect((await body(refused))["message"]).toContain(inv(runId));
    expect(await statusOf("POST", "/services/Greeter/state", change)).toBe(400);
    expect(await statusOf("POST", "/services/None/state", change)).toBe(404);
    const bent = { object_key: "c", new_state: { count: [256] } };
    expect(await statusOf("POST", "/services/Counter/state", bent)).toBe(400);
    const scoped = { ...change, scope: "x" };
    expect(await statusOf("POST", "/services/Counter/state", scoped)).toBe(400);
  });

  it("has an endpoint show values that only its own serializers can read", async () => {
    await register();
    const path = "/internal/services/Greeter/serdes";
    const shown = await rig.ask("POST", `${path}/decode/own%2F1`, 5);
    expect(await shown.text()).toBe("Greeter decode own/1 5");
    const plain = await rig.ask("POST", `${path}/decode/own/1`, 5);
    expect(await plain.text()).toBe("Greeter decode own/1 5");
    expect(await statusOf("POST", `${path}/turn/own`, 5)).toBe(400);
    expect(await statusOf("POST", "/internal/services/None/serdes/encode/own", 5)).toBe(404);
  });

  it("refuses what Perdure does by other means, and lists none of it", async () => {
    expect(await body(rig.ask("GET", "/subscriptions"))).toEqual({ subscriptions: [] });
    expect(await body(rig.ask("GET", "/v3/kafka-clusters"))).toEqual({ clusters: [] });
    for (const [method, path] of [
      ["POST", "/subscriptions"],
      ["DELETE", "/subscriptions/sub_1"],
      ["PATCH", "/kafka-clusters/x"],
      ["PUT", "/limits/rules"],
      ["POST", "/vqueues/vq_1/pause"],
      ["POST", "/internal/invocations"],
    ] as const) {
      const answer = await rig.ask(method, path, {});
      expect(answer.status).toBe(501);
      expect(await body(answer)).toMatchObject({ restate_code: null });
    }
  });

  it("takes a body up to its limit, and none that is no JSON", async () => {
    const caller = { engine: rig.engine, namespace: "a", by: "ada" };
    const send = (text: string) =>
      rig.admin(new Request("http://admin/query", { method: "POST", body: text }), caller);
    expect((await send("{")).status).toBe(400);
    const query = "SELECT 1".padEnd(restateLimits.sqlChars);
    expect((await send(JSON.stringify({ query }))).status).toBe(200);
    expect((await send(JSON.stringify({ query: `${query} ` }))).status).toBe(413);
    const frame = JSON.stringify({ query: "" }).length;
    const most = restateLimits.adminBodyBytes - frame;
    expect((await send(JSON.stringify({ query: "x".repeat(most) }))).status).toBe(413);
    const more = await send(JSON.stringify({ query: "x".repeat(most + 1) }));
    expect(await body(more)).toMatchObject({ message: expect.stringContaining("bytes") });
  });

  it("names what each request is about", () => {
    const named = (method: string, path: string) => adminOperationOf(method, path);
    expect(named("GET", "/v4/deployments")).toBe("admin.read");
    expect(named("POST", "/query")).toBe("admin.query");
    expect(named("POST", "/v4/query")).toBe("admin.query");
    expect(named("DELETE", "/deployments/dp_1")).toBe("admin.deployments");
    expect(named("PATCH", "/v2/services/x")).toBe("admin.services");
    expect(named("POST", "/services/x/state")).toBe("admin.services");
    expect(named("PATCH", "/invocations/x/kill")).toBe("admin.invocations");
  });

  it("keeps what is no error of its own to itself", async () => {
    const engine = new Proxy(rig.engine, {
      get: () => () => Promise.reject(new Error("a secret")),
    });
    const request = new Request(
      `http://admin/invocations/${inv(await rig.start("Greeter/wait"))}/kill`,
      {
        method: "PATCH",
      },
    );
    const answer = await rig.admin(request, { engine, namespace: "a", by: "ada" });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("secret");
    expect(value("1").encoding).toBe("json");
  });
});
