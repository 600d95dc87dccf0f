import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planFor } from "./faults.ts";
import { createService } from "./http-service.ts";
import { Ledger } from "./ledger.ts";
import { listen } from "./process.ts";

const SEED = "test";
const folder = mkdtempSync(join(tmpdir(), "perdure-service-"));
const ledger = new Ledger(join(folder, "ledger.db"));
const act = (_body: unknown, number: number) => ({ status: 201, body: { number } });
const server = createService({ name: "shop", seed: SEED, ledger, routes: { "/things": act } });
let url = "";

beforeAll(async () => {
  url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  ledger.close();
  rmSync(folder, { recursive: true });
});

/** A return whose first calls meet these faults; the plan is seeded, so one can be looked up. */
function returnWith(...faults: string[]): string {
  const kindOf = (id: string, n: number) => planFor(SEED, "shop", `${id} /things`, n).fault.kind;
  for (let i = 0; i < 100_000; i++) {
    const id = `ret-${i}`;
    if (!used.has(id) && faults.every((fault, n) => kindOf(id, n) === fault)) {
      used.add(id);
      return id;
    }
  }
  throw new Error(`no return meets ${faults.join()}`);
}
const used = new Set<string>();

const post = (body: object, key?: string) =>
  fetch(`${url}/things`, {
    method: "POST",
    body: JSON.stringify(body),
    ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
  });

test("the same key with the same body gets the same answer, and one effect", async () => {
  const returnId = returnWith("none", "none");
  const before = ledger.stats();
  const first = await (await post({ returnId }, "a")).json();
  const again = await (await post({ returnId }, "a")).json();
  expect(again).toEqual(first);
  const after = ledger.stats();
  expect(after.effects - before.effects).toBe(1);
  expect(after.suppressed - before.suppressed).toBe(1);
});

test("the same key with another body is refused and changes nothing", async () => {
  const returnId = returnWith("none", "none");
  await post({ returnId }, "b");
  const { effects } = ledger.stats();
  expect((await post({ returnId, more: 1 }, "b")).status).toBe(422);
  expect(ledger.stats().effects).toBe(effects);
});

test("another key is another effect: a sender that changes its keys is found out", async () => {
  const returnId = returnWith("none", "none");
  await post({ returnId }, "c1");
  await post({ returnId }, "c2");
  expect(ledger.effects().filter((effect) => effect.returnId === returnId)).toHaveLength(2);
});

test("a connection cut after the effect leaves the effect, and the next try finds it", async () => {
  const returnId = returnWith("cut-after", "none");
  await expect(post({ returnId }, "d")).rejects.toThrow("fetch failed");
  expect(ledger.effects().filter((effect) => effect.returnId === returnId)).toHaveLength(1);
  expect((await post({ returnId }, "d")).status).toBe(201);
  expect(ledger.effects().filter((effect) => effect.returnId === returnId)).toHaveLength(1);
});

test("a failure before the effect leaves none; 429 says how long to wait", async () => {
  const unavailable = returnWith("unavailable");
  const throttled = returnWith("throttled");
  expect((await post({ returnId: unavailable }, "e")).status).toBe(503);
  const response = await post({ returnId: throttled }, "f");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("1");
  const ids = new Set(ledger.effects().map((effect) => effect.returnId));
  expect(ids.has(unavailable) || ids.has(throttled)).toBe(false);
});

test("a call without a key, without JSON or to nowhere is refused before anything is recorded", async () => {
  const { calls } = ledger.stats();
  expect((await post({ returnId: "ret-1" })).status).toBe(400);
  const headers = { "idempotency-key": "g" };
  expect((await fetch(`${url}/things`, { method: "POST", body: "{", headers })).status).toBe(400);
  expect((await fetch(`${url}/nowhere`, { method: "POST", body: "{}", headers })).status).toBe(404);
  expect((await post({ returnId: "x".repeat(20_000) }, "g")).status).toBe(413);
  expect(ledger.stats().calls).toBe(calls);
});
