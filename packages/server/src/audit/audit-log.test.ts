import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { AuditLog, brokenAt, type AuditEntry } from "./audit-log.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const entry: AuditEntry = {
  at: 1,
  requestId: "r",
  by: "key:a",
  namespace: "n",
  address: "127.0.0.1",
  what: "runs.start",
  result: "done",
};

function linesOf(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\n").filter(Boolean);
}

describe("the audit log", () => {
  test("A2: is a chain, over restarts too, and a line that was changed or taken out shows", () => {
    const file = join(folder, "chain.log");
    const options = { file, maxBytes: 1_000_000, keep: 2 };
    const log = new AuditLog(options);
    log.write(entry);
    log.write({ ...entry, what: "runs.cancel" });
    new AuditLog(options).write({ ...entry, what: "runs.terminate" });
    const lines = linesOf(file);
    expect(lines.length).toBe(3);
    expect(brokenAt(lines)).toBe(0);
    expect(brokenAt([lines[0]!.replace("key:a", "key:b"), ...lines.slice(1)])).toBe(2);
    expect(brokenAt([lines[0]!, lines[2]!])).toBe(2);
    expect(brokenAt([...lines.slice(0, 2), "{half"])).toBe(3);
  });

  test("is cut into files at its limit, of which so many are kept, and the chain goes on", () => {
    const own = mkdtempSync(join(folder, "rotate-"));
    const file = join(own, "audit.log");
    const bytes = JSON.stringify({ ...entry, before: "0".repeat(64) }).length + 1;
    const log = new AuditLog({ file, maxBytes: bytes * 2, keep: 2 });
    log.write(entry);
    log.write(entry);
    expect(readdirSync(own)).toEqual(["audit.log"]);
    log.write(entry);
    expect(readdirSync(own)).toEqual(["audit.log", "audit.log.1"]);
    for (let n = 0; n < 10; n++) log.write(entry);
    expect(readdirSync(own)).toEqual(["audit.log", "audit.log.1", "audit.log.2"]);
    const { before } = JSON.parse(linesOf(`${file}.2`)[0]!) as { before: string };
    const all = [`${file}.2`, `${file}.1`, file].flatMap(linesOf);
    expect(brokenAt(all, before)).toBe(0);
  });

  test("A3: a disk that refuses stops nothing, is told, and what was lost is counted", () => {
    const own = join(folder, "gone");
    const log = new AuditLog({ file: join(own, "audit.log"), maxBytes: 10_000, keep: 1 });
    log.write(entry);
    log.write(entry);
    expect(log.trouble).toContain("cannot be written");
    expect(log.lost).toBe(2);
    rmSync(own, { recursive: true, force: true });
    const other = new AuditLog({ maxBytes: 10_000, keep: 1 });
    other.write(entry);
    expect(other.tail(10, () => true).length).toBe(1);
  });

  test("a server whose audit log cannot be written says so in readyz, metrics and doctor", async () => {
    const file = join(folder, "not-a-folder");
    writeFileSync(file, "");
    await using rig = await Rig.open({ audit: { file: join(file, "audit.log") } });
    await rig.start("echo");
    const ready = await fetch(`${rig.server.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      200,
      expect.stringContaining("the audit log cannot be written"),
    ]);
    expect((await rig.call("server.doctor")).text).toContain("the audit log cannot be written");
    const headers = { authorization: `Bearer ${rig.admin}` };
    const metrics = await fetch(`${rig.server.url}/metrics`, { headers });
    expect(await metrics.text()).toContain("perdure_audit_lost_lines 1");
  });

  test("A1: has every change and every refusal, and no payload and no secret", async () => {
    const file = join(folder, "server.log");
    await using rig = await Rig.open({ audit: { file } });
    const key = { kind: "workflow", id: "order-7" };
    const started = await rig.call("runs.start", {
      body: { workflow: "echo", queue: "main", input: { value: "zebra-secret" }, key },
    });
    await rig.call("runs.list");
    const viewer = await rig.key("viewer");
    await rig.call("runs.start", { body: {}, key: viewer });
    await rig.call("runs.start", { body: {}, key: "pdk_wrong" });
    const issued = await rig.call("apiKeys.create", { body: { role: "client" } });
    const lines = linesOf(file);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { what: "runs.start", target: "workflow/order-7", result: "done" },
      { what: "runs.start", result: "forbidden" },
      { what: "runs.start", result: "unauthenticated", by: "-" },
      { what: "apiKeys.create", result: "done" },
    ]);
    const requestId = started.headers.get("perdure-request-id");
    expect(lines[0]).toContain(requestId);
    for (const secret of ["zebra", "pdk_", rig.admin, viewer, String(issued.body["secret"])]) {
      expect(lines.join("\n")).not.toContain(secret);
    }
    const tail = await rig.call("server.audit", { query: { limit: "2" } });
    expect((tail.body["lines"] as unknown[]).length).toBe(2);
    const tenant = await rig.call("server.audit", { key: await rig.key("admin", "other") });
    expect(tenant.body["lines"]).toEqual([]);
  });
});
