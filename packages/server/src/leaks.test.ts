/** Trap T9: what leaks beside the object itself. Trap T5: what is revived. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemEnv } from "@perdure/engine";
import { MemoryStore } from "@perdure/store";
import { describe, expect, test, vi } from "vitest";
import { Rig } from "./testing/rig.test-support.ts";
import { allOperations, sampleOf } from "./testing/samples.test-support.ts";

const marks = ["4711-card", "acme-corp", "secret-order", "secret-queue"] as const;

async function withSecrets(rig: Rig): Promise<string> {
  const owner = await rig.key("client", "acme-corp");
  const key = { kind: "workflow", id: "secret-order" };
  const input = { value: "4711-card" };
  return rig.start("wait", { key, input, queue: "secret-queue" }, owner);
}

describe("T9: nothing of a tenant is told beside the tenant's own answers", () => {
  test("metrics, health, readiness and the document name no tenant, id or queue", async () => {
    await using rig = await Rig.open();
    const runId = await withSecrets(rig);
    const headers = { authorization: `Bearer ${await rig.key("viewer", "other")}` };
    for (const page of ["/metrics", "/healthz", "/readyz", "/openapi.json"]) {
      const text = await (await fetch(rig.server.url + page, { headers })).text();
      for (const mark of [...marks, runId]) expect(text).not.toContain(mark);
    }
  });

  test("metrics need a role, and their labels do not grow with what callers send", async () => {
    await using rig = await Rig.open();
    const scrape = async (key: string): Promise<Response> =>
      fetch(`${rig.server.url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
    expect((await scrape("x")).status).toBe(401);
    expect((await scrape(await rig.key("client"))).status).toBe(403);
    const lines = async () => (await (await scrape(rig.admin)).text()).split("\n").length;
    await fetch(`${rig.server.url}/v1/none-0`);
    await rig.call("runs.list", { query: { workflow: "w-0" } });
    // The first scrape is not in itself, and in every later one.
    await lines();
    const before = await lines();
    for (let n = 1; n < 20; n++) {
      await fetch(`${rig.server.url}/v1/none-${n}`);
      await rig.call("runs.list", { query: { workflow: `w-${n}` } });
    }
    expect(await lines()).toBe(before);
  });

  test("doctor tells a tenant's admin nothing of the machine, its settings and its store", async () => {
    await using rig = await Rig.open();
    await withSecrets(rig);
    const tenant = await rig.call("server.doctor", { key: await rig.key("admin", "other") });
    expect(Object.keys(tenant.body).toSorted()).toEqual(["findings", "limits", "now", "versions"]);
    const all = await rig.call("server.doctor");
    for (const mark of [...marks, rig.admin]) expect(all.text).not.toContain(mark);
  });

  test("refusals repeat no credential and no payload", async () => {
    await using rig = await Rig.open();
    const key = `pdk_0123456789abcdef_${"S".repeat(43)}`;
    for (const operation of allOperations) {
      const sample = sampleOf(operation);
      const { text } = await rig.call(operation, { ...sample, key });
      expect(text).not.toContain("S".repeat(10));
    }
    const body = { workflow: 7, queue: "main", input: { value: "zebra-card" } };
    expect((await rig.call("runs.start", { body })).text).not.toContain("zebra");
  });

  test("an error of ours is answered with a request id, and its text goes to the log", async () => {
    const log = vi.fn<(level: string, message: string, fields?: object) => void>();
    await using rig = await Rig.open({ env: systemEnv({ log }) });
    const search = vi.spyOn(MemoryStore.prototype, "search");
    search.mockRejectedValueOnce(new Error("/var/lib/secret-path: disk"));
    const reply = await rig.call("runs.list");
    search.mockRestore();
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain("secret-path");
    const requestId = reply.headers.get("perdure-request-id");
    expect(reply.body.error.message).toContain(requestId);
    expect(log).toHaveBeenCalledWith("error", "a request failed", {
      requestId,
      error: expect.objectContaining({ message: "/var/lib/secret-path: disk" }),
    });
  });
});

describe("T5: bytes are never revived", () => {
  test("a server works in a process that may not make code of text", async () => {
    const script = fileURLToPath(new URL("testing/no-eval.test-support.ts", import.meta.url));
    const flags = ["--conditions=perdure-source", "--disallow-code-generation-from-strings"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, script]);
    expect(stdout.trim()).toBe("completed");
  });

  test("payloads that look like objects of ours stay bytes", async () => {
    await using rig = await Rig.open();
    for (const text of [
      '{"__proto__":{"admin":true}}',
      '{"$type":"Function","body":"process.exit(1)"}',
      '{"constructor":{"prototype":{"admin":true}}}',
      '"<script>alert(1)</script>"',
    ]) {
      const input = { encoding: "json", text };
      const runId = await rig.start("echo", { input });
      const query = { waitMs: "5000" };
      const { body } = await rig.call("runs.outcome", { params: { runId }, query });
      expect(body.outcome.output.text).toBe(text);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    }
  });
});
