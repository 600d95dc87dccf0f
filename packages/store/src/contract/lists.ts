/** S7: what lists, searches and retention promise. */
import { scheduleStream, type StreamId } from "@perdure/kernel";
import { expect, it } from "vitest";
import type { IndexRow, Query, Store } from "../store.ts";
import { blob, Owner, Owners, row, run, stream } from "./fixture.ts";
import type { Harness } from "./harness.ts";

const query = (parts: Partial<Query> = {}): Query => ({
  namespace: "default",
  limit: 100,
  ...parts,
});

async function fill(store: Store, rows: readonly IndexRow[]): Promise<Owner> {
  const owner = await Owner.open(store);
  await owner.commit({ index: rows });
  await store.flush();
  return owner;
}

async function found(store: Store, parts: Partial<Query>): Promise<readonly string[]> {
  const { rows } = await store.search(query(parts));
  expect(await store.count(query(parts))).toBe(rows.length);
  return rows.map(({ runId }) => runId);
}

export function listPromises(use: () => Harness): void {
  it("S7: shows every row of the commits before a flush, in the newest version", async () => {
    const harness = use();
    const owner = await fill(harness.store, [row(1), row(2)]);
    const full = row(1, {
      status: "completed",
      closedAt: 2_000,
      key: "order-1",
      keyKind: "workflow",
      parent: run(2),
      attributes: { customer: "c1", nested: { list: [1, "two", null, true] } },
      events: 9,
      version: "v1",
      expiresAt: 5_000,
    });
    await owner.commit({ index: [full] });
    await harness.store.flush();
    expect((await harness.store.search(query())).rows).toEqual([row(2), full]);
    await harness.reopen();
    expect((await harness.store.search(query())).rows).toEqual([row(2), full]);
  });

  it("S7: pages newest first, by start and then by id", async () => {
    const { store } = use();
    await fill(store, [
      row(3),
      row(1),
      row(2, { startedAt: 1_003 }),
      row(4, { namespace: "other" }),
    ]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.search(query({ limit: 1, ...(cursor !== undefined && { cursor }) }));
      seen.push(...page.rows.map(({ runId }) => runId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([run(3), run(2), run(1)]);
  });

  it("refuses a cursor it did not give out", async () => {
    const { store } = use();
    await expect(store.search(query({ cursor: "' OR 1=1 --" }))).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("finds by each field, and by all together", async () => {
    const { store } = use();
    await fill(store, [
      row(1, { status: "failed", workflow: "refund", key: "k1", keyKind: "workflow" }),
      row(2, { status: "open", parent: run(1) }),
      row(3, { status: "completed" }),
    ]);
    expect(await found(store, { status: ["open", "failed"] })).toEqual([run(2), run(1)]);
    expect(await found(store, { status: [] })).toEqual([]);
    expect(await found(store, { workflow: "refund" })).toEqual([run(1)]);
    expect(await found(store, { key: "k1" })).toEqual([run(1)]);
    expect(await found(store, { parent: run(1) })).toEqual([run(2)]);
    expect(await found(store, { startedAfter: 1_001, startedBefore: 1_003 })).toEqual([run(2)]);
    expect(await found(store, { key: "k1", status: ["open"] })).toEqual([]);
    expect(await found(store, { namespace: "other" })).toEqual([]);
  });

  it("counts open runs by workflow and version", async () => {
    const { store } = use();
    await fill(store, [
      row(1, { version: "v1" }),
      row(2, { version: "v1", status: "paused" }),
      row(3, { version: "v1", status: "completed" }),
      row(4),
      row(5, { version: "v2", workflow: "refund" }),
      row(6, { version: "v1", namespace: "other" }),
    ]);
    const { workflow } = row(4);
    expect(await store.versions("default")).toEqual(
      [
        { workflow, open: 1 },
        { workflow, version: "v1", open: 2 },
        { workflow: "refund", version: "v2", open: 1 },
      ].toSorted((a, b) => (a.workflow < b.workflow ? -1 : 1)),
    );
    expect(await store.versions("nobody's")).toEqual([]);
    expect(await found(store, { version: "v1" })).toEqual([run(3), run(2), run(1)]);
  });

  it("finds by attributes of any name and any scalar, and does not mix types", async () => {
    const { store } = use();
    const hostile = `$."x'] OR 1=1 --`;
    await fill(store, [
      row(1, { attributes: { n: 1, flag: true, [hostile]: "here", "a.b": "dot" } }),
      row(2, { attributes: { n: "1", flag: false, none: null } }),
      row(3, { attributes: { n: 1.5, list: [1, 2], object: { a: 1, b: [] } } }),
    ]);
    expect(await found(store, { attributes: { n: 1 } })).toEqual([run(1)]);
    expect(await found(store, { attributes: { n: "1" } })).toEqual([run(2)]);
    expect(await found(store, { attributes: { n: 1.5 } })).toEqual([run(3)]);
    expect(await found(store, { attributes: { flag: true } })).toEqual([run(1)]);
    expect(await found(store, { attributes: { flag: 1 } })).toEqual([]);
    expect(await found(store, { attributes: { none: null } })).toEqual([run(2)]);
    expect(await found(store, { attributes: { [hostile]: "here" } })).toEqual([run(1)]);
    expect(await found(store, { attributes: { "a.b": "dot", n: 1 } })).toEqual([run(1)]);
    expect(await found(store, { attributes: { list: [1, 2] } })).toEqual([run(3)]);
    expect(await found(store, { attributes: { object: { b: [], a: 1 } } })).toEqual([run(3)]);
    expect(await found(store, { attributes: { list: [1] } })).toEqual([]);
  });

  it("lists streams by prefix and by page: settled, unsettled and reopened, no forgotten ones", async () => {
    const harness = use();
    const owners = await Owners.open(harness.store);
    const settle = (name: StreamId) =>
      owners.of(name).commit({ settle: [{ stream: name, hasWork: false }] });
    // In the order of their UTF-8 bytes; that of UTF-16 code units would swap the last two.
    const ids = ["a", "a b", "a%2Fb", "b", "\u{ff5e}", "\u{1f600}"];
    const names = ids.map((id) => scheduleStream("n", id));
    const others = [scheduleStream("n2", "a"), scheduleStream("m", "z"), stream(1)];
    const gone = ["gone", "gone too"].map((id) => scheduleStream("n", id));
    for (const name of [...names, ...others, ...gone]) await owners.append(name, 1, "x");
    for (const name of [...names.slice(0, 3), ...gone.slice(0, 1)]) await settle(name);
    await owners.append(names[2] as StreamId, 2, "y");
    for (const name of gone) await owners.of(name).commit({ forget: [name] });
    const all = async (limit: number) => {
      const listed: StreamId[] = [];
      for (;;) {
        const page = await harness.store.streams("schedule/n/", limit, listed.at(-1));
        expect(page.length).toBeLessThanOrEqual(limit);
        listed.push(...page);
        if (page.length < limit) return listed;
      }
    };
    for (const limit of [1, 2, 4, 100]) expect(await all(limit)).toEqual(names);
    await harness.reopen();
    expect(await all(3)).toEqual(names);
    expect(await harness.store.streams("schedule/none/", 10)).toEqual([]);
  });

  it("prunes settled runs that have expired, a few at a time, with all that was theirs", async () => {
    const harness = use();
    const { store } = harness;
    const owner = await Owner.open(store);
    const data = new Uint8Array(40_000).fill(1);
    for (const n of [1, 2, 3, 4]) await owner.append(stream(n), 1, "a");
    await owner.commit({
      index: [1, 2, 3, 4].map((n) => row(n, { status: "completed", expiresAt: 100 * n })),
      blobs: [blob(stream(1), data)],
      settle: [1, 2, 4].map((n) => ({ stream: stream(n), hasWork: false })),
    });
    expect(await store.prune(400, 1)).toEqual([stream(1)]);
    expect(await store.prune(400, 10)).toEqual([stream(2)]);
    expect(await store.prune(400, 10)).toEqual([]);
    await harness.reopen();
    expect(await harness.store.read(stream(1))).toBeUndefined();
    expect(await harness.store.blobs(0, [blob(stream(1), data).hash])).toEqual([undefined]);
    expect(await found(harness.store, {})).toEqual([run(4), run(3)]);
    expect((await harness.store.open(0)).streams).toEqual([stream(3)]);
  });

  it("is done with everything when it is closed", async () => {
    const harness = use();
    const owner = await Owner.open(harness.store);
    await owner.append(stream(1), 1, "a");
    await harness.store.close();
    await expect(harness.store.read(stream(1))).rejects.toMatchObject({ code: "closed" });
    await harness.reopen();
    expect((await harness.store.read(stream(1)))?.seq).toBe(1);
  });

  it("describes itself for doctor", async () => {
    const { store } = use();
    const facts = await store.facts();
    expect(facts.partitions).toBe(store.partitions);
    expect(facts.kind).not.toBe("");
  });
}
