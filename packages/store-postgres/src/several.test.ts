/** One store over several databases of PostgreSQL. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Owners, row, run, storeContract, stream, text, texts } from "@perdure/store/contract";
import type { Store } from "@perdure/store";
import { openPostgres } from "./open-postgres.ts";
import { missingPostgres, startPostgres, type PostgresServer } from "./testing/index.ts";

const missing = missingPostgres();
let clusters = 0;

describe.skipIf(missing !== undefined)(`several databases ${missing ?? ""}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server.stop());

  /** Addresses of a new cluster; a schema stands for a database. */
  function addresses(databases: number): string[] {
    const cluster = ++clusters;
    return Array.from({ length: databases }, (_, n) => server.address(`schema=c${cluster}_${n}`));
  }

  storeContract(
    "a store over two databases of PostgreSQL",
    async () => {
      const all = addresses(2).join();
      const open = (): Promise<Store> => openPostgres(all, { partitions: 4 });
      let store = await open();
      const stores = [store];
      return {
        get store() {
          return store;
        },
        async reopen() {
          store = await open();
          stores.push(store);
        },
        second: async () => {
          stores.push(await open());
          return stores.at(-1) ?? store;
        },
        async dispose() {
          for (const one of stores) await one.close();
        },
      };
    },
    ["second", "several"],
  );

  it("spreads partitions, and lists what is in all of them", async () => {
    const all = addresses(3);
    const store = await openPostgres(all.join(), { partitions: 6 });
    expect(store.databases).toBe(3);
    const owners = await Owners.open(store);
    for (const n of [0, 1, 2, 3, 4, 5]) {
      const name = stream(n, n);
      const appends = [{ stream: name, from: 1, events: [text(`event ${n}`)] }];
      const result = await owners
        .of(name)
        .commit({ appends, index: [row(n, { runId: run(n, n) })] });
      expect(result).toEqual({ type: "done" });
    }
    expect(texts(await store.read(stream(5, 5)))).toEqual(["event 5"]);
    expect(await store.count({ namespace: "default" })).toBe(6);
    expect(await store.streams("run/", 10)).toHaveLength(6);
    await store.close();
    const alone = await openPostgres(all.join());
    expect(alone.partitions).toBe(6);
    await alone.close();
  });

  it("are of one cluster, and in the order in which it was made", async () => {
    const [one, other] = addresses(2);
    await (await openPostgres(`${one},${other}`)).close();
    const refused = { code: "invalid-argument" };
    await expect(openPostgres(`${other},${one}`)).rejects.toMatchObject(refused);
    await expect(openPostgres(`${one}`)).rejects.toMatchObject(refused);
    await expect(openPostgres(`${one},${addresses(1)[0]}`)).rejects.toMatchObject(refused);
    await (await openPostgres(`${one},${other}`)).close();
  });
});
