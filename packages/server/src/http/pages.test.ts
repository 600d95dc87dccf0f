import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { pages, type PagesParts } from "./pages.ts";

/** What `/readyz` answers where the store has refused something in these of two databases. */
async function readinessOf(refusing: readonly number[]): Promise<number | undefined> {
  const trouble = { since: 0, lastAt: 0, reason: "full", refusals: 1, isTaking: false };
  const stats = {
    phase: "running",
    databases: 2,
    ...(refusing.length > 0 ? { storeTrouble: { ...trouble, databases: refusing } } : {}),
  };
  const parts = { stats: () => stats, auditTrouble: () => undefined, isClosing: () => false };
  const page = pages(parts as unknown as PagesParts).find(({ path }) => path === "/readyz");
  return (await page?.answer({} as IncomingMessage))?.status;
}

test("a server some of whose partitions are refused is ready, and says so", async () => {
  const refused = { partitions: [1], since: 0, reason: "behind" };
  const stats = { phase: "running", databases: 2, refused };
  const parts = { stats: () => stats, auditTrouble: () => undefined, isClosing: () => false };
  const page = pages(parts as unknown as PagesParts).find(({ path }) => path === "/readyz");
  const answer = await page?.answer({} as IncomingMessage);
  expect(answer?.status).toBe(200);
  expect(JSON.stringify(answer)).toContain("some partitions are refused");
});

test("a server whose store refuses is not ready, one of whose databases refuses is", async () => {
  expect(await readinessOf([])).toBe(200);
  expect(await readinessOf([1])).toBe(200);
  expect(await readinessOf([0, 1])).toBe(503);
});
