/** The documented way back to a moment, with the published scripts, in the middle of Perdure's load. */
import { setTimeout as sleep } from "node:timers/promises";
import { open, workflow, type EmbeddedPerdure } from "perdure";
import { PostgresStore } from "@perdure/store-postgres";
import { missingPostgres } from "@perdure/store-postgres/testing";
import { expect, test } from "vitest";
import { ArchivedCluster, type RunningCluster } from "./archived-cluster.ts";

const missing = missingPostgres();
const runsOfAKind = 12;

/** How often the step of each run was done, in all lives together. */
const done = new Map<string, number>();

const trip = workflow({ name: "trip" }, async (ctx, name: string) => {
  await ctx.step("leave", () => void done.set(name, (done.get(name) ?? 0) + 1));
  const place = await ctx.waitFor<string>("arrived");
  return ctx.step("tell", () => `${name} is in ${place}`);
});

async function perdureOn({ store }: RunningCluster): Promise<EmbeddedPerdure> {
  return open({ store: await PostgresStore.open(store), workflows: [trip] });
}

const names = (kind: string): string[] =>
  Array.from({ length: runsOfAKind }, (_, index) => `${kind}-${index}`);

type Runs = ReadonlyMap<string, string>;

/** Their ids, by name. */
async function startAll(perdure: EmbeddedPerdure, kind: string): Promise<Runs> {
  const started = await Promise.all(
    names(kind).map(async (name) => {
      const { runId } = await perdure.start(trip, { input: name });
      return [name, runId] as const;
    }),
  );
  return new Map(started);
}

async function finish(perdure: EmbeddedPerdure, runId: string, place: string): Promise<string> {
  const run = await perdure.get(trip, { runId });
  await run.signal("arrived", place);
  return run.result();
}

/** Until the first step of so many is durable: then each waits for its signal. */
async function haveLeft(perdure: EmbeddedPerdure, runs: Runs): Promise<void> {
  for (const runId of runs.values()) {
    const run = await perdure.get(trip, { runId });
    while (!(await run.why()).summary.includes("arrived")) await sleep(20);
  }
}

test.skipIf(missing !== undefined)(
  "a cluster goes back to a moment: what was acknowledged by then goes on, and what came later is not there",
  async () => {
    const { cluster, primary } = await ArchivedCluster.make();
    try {
      const perdure = await perdureOn(primary);
      const early = await startAll(perdure, "early");
      await haveLeft(perdure, early);
      // The copy is made while work goes on.
      const [copy, during] = await Promise.all([cluster.backUp(), startAll(perdure, "during")]);
      const [ended = "", wronged = ""] = early.values();
      expect(await finish(perdure, ended, "Rome")).toBe("early-0 is in Rome");
      await haveLeft(perdure, during);
      await perdure.close();
      await primary.sql("SELECT pg_create_restore_point('before-the-mistake')");

      const mistaken = await perdureOn(primary);
      const late = await startAll(mistaken, "late");
      expect(await finish(mistaken, wronged, "Nowhere")).toBe("early-1 is in Nowhere");
      await mistaken.close();
      await cluster.archiveAll(primary);
      await primary.stop();

      const target = "recovery_target_name=before-the-mistake";
      const again = await perdureOn(await cluster.restore("restored", copy, target));
      expect(await (await again.get(trip, { runId: ended })).result()).toBe("early-0 is in Rome");
      for (const [name, runId] of [...early, ...during].slice(1)) {
        expect(await finish(again, runId, "Oslo")).toBe(`${name} is in Oslo`);
        expect(done.get(name)).toBe(1);
      }
      for (const runId of late.values()) {
        await expect(again.get(trip, { runId })).rejects.toMatchObject({ code: "not-found" });
      }
      await again.close();
    } finally {
      await cluster.close();
    }
  },
  300_000,
);
