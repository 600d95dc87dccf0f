/** Reads beside commits, and stores that agree: many operations, in chance's order. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agree, MemoryHarness, Owner, stream, untext } from "@perdure/store/contract";
import { PostgresHarness } from "../testing/postgres-harness.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const STREAMS = 4;
const EVENTS = 40;

for (const version of [undefined, 18]) {
  const missing = missingPostgres(version);
  const name = `a store on PostgreSQL ${version ?? "as installed"} ${missing ?? ""}`;
  describe.skipIf(missing !== undefined)(name, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(version === undefined ? {} : { version });
    }, 120_000);
    afterAll(() => server.stop());

    for (const seed of [1, 2]) {
      it(`agrees with the one in memory after every operation (seed ${seed})`, async () => {
        const harness = await PostgresHarness.make(server, { partitions: 3 });
        try {
          const { operations } = await agree(new MemoryHarness(3), harness, seed, 400);
          expect(operations).toBeGreaterThanOrEqual(400);
        } finally {
          await harness.dispose();
        }
      }, 120_000);
    }

    it("reads the past of a stream without a gap, as long as was acknowledged, while it grows and is moved", async () => {
      const harness = await PostgresHarness.make(server);
      const { store } = harness;
      const other = await harness.second();
      const owners = await Promise.all([0, 1, 2, 3].map((n) => Owner.open(store, n)));
      const acknowledged = new Map<number, number>();
      const write = async (n: number): Promise<void> => {
        const owner = owners[n % owners.length]!;
        const id = stream(n, owner.partition);
        for (let seq = 1; seq <= EVENTS; seq++) {
          const append = { stream: id, from: seq, events: [new TextEncoder().encode(`${seq}`)] };
          const settle = seq % 3 === 0 ? [{ stream: id, hasWork: false }] : [];
          const result = await owner.commit({ appends: [append], settle });
          expect(result).toEqual({ type: "done" });
          acknowledged.set(n, seq);
        }
      };
      const read = async (n: number, from: typeof store): Promise<void> => {
        for (let last = 0; last < EVENTS;) {
          const least = acknowledged.get(n) ?? 0;
          const data = await from.read(stream(n, n % owners.length));
          const events = (data?.events ?? []).map((event) => Number(untext(event)));
          expect(events).toEqual(events.map((_, i) => i + 1));
          expect(events.length).toBeGreaterThanOrEqual(Math.max(least, last));
          last = events.length;
        }
      };
      const all = Array.from({ length: STREAMS }, (_, n) => n);
      try {
        await Promise.all(all.flatMap((n) => [write(n), read(n, store), read(n, other)]));
      } finally {
        await harness.dispose();
      }
    });
  });
}
