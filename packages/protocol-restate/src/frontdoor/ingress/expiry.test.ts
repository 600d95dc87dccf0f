import type { EngineClient, RunView } from "@perdure/engine";
import { PerdureError, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import { forgottenIfExpired } from "./expiry.ts";

const runId = "00000000-0000-8000-8000-000000000001" as RunId;

function engineWith(describe: () => RunView) {
  const purged: RunId[] = [];
  const engine = {
    describe: async () => describe(),
    purge: async (of: RunId) => void purged.push(of),
  } as unknown as EngineClient;
  return { engine, purged };
}

const closed = (closedAt: number, retentionMs?: number) =>
  ({
    outcome: { status: "completed" },
    row: { closedAt },
    spec: retentionMs === undefined ? {} : { retentionMs },
  }) as unknown as RunView;

test.each([
  ["at the end of its time", closed(100, 50), 150, true],
  ["a moment before", closed(100, 50), 149, false],
  ["without a time of its own", closed(100), 1_000_000, false],
  ["that is open", { row: {}, spec: { retentionMs: 0 } } as unknown as RunView, 1_000_000, false],
])("a result %s", async (_, view, now, isGone) => {
  const { engine, purged } = engineWith(() => view);
  expect(await forgottenIfExpired({ engine }, { now: () => now }, runId)).toBe(isGone);
  expect(purged).toEqual(isGone ? [runId] : []);
});

test("what somebody else has forgotten, or has not begun, is left alone", async () => {
  const { engine } = engineWith(() => {
    throw new PerdureError("not-found", "There is no such run.");
  });
  expect(await forgottenIfExpired({ engine }, { now: () => 0 }, runId)).toBe(false);
});
