/** S9: what is on its way to another store, or there already, is opened by nobody by accident. */
import { expect, it } from "vitest";
import type { Seal } from "../store.ts";
import { beatAll, Owner, stream } from "./fixture.ts";
import type { Harness } from "./harness.ts";

const leaving: Seal = { state: "leaving", move: "m-1", other: "sqlite:./other.db" };

export function sealPromises(use: () => Harness): void {
  it("S9: a sealed partition is opened by nobody but the move that sealed it, also later", async () => {
    const harness = use();
    const { epoch } = await harness.store.open(0);
    await harness.store.seal(0, epoch, leaving);
    await harness.reopen();
    const { store } = harness;
    const sealed = { code: "store-sealed", detail: { ...leaving } };
    await expect(store.open(0)).rejects.toMatchObject(sealed);
    await expect(store.open(0, { node: "one", after: epoch })).rejects.toMatchObject(sealed);
    const other = { node: "one", after: epoch, move: "m-2" };
    await expect(store.open(0, other)).rejects.toMatchObject(sealed);
    const own = await store.open(0, { node: "one", after: epoch, move: "m-1" });
    expect(own.epoch).toBe(epoch + 1);
    expect((await store.open(1)).epoch).toBe(1);
  });

  it("S9: a seal is told where it leads to", async () => {
    const { store } = use();
    const { epoch } = await store.open(0);
    await store.seal(0, epoch, { ...leaving, state: "moved" });
    await expect(store.open(0)).rejects.toThrow("has moved to sqlite:./other.db");
  });

  it("S9: a seal says nothing against the owner that is there, and goes when it is taken off", async () => {
    const { store } = use();
    const owner = await Owner.open(store);
    await store.seal(0, owner.opened.epoch, leaving);
    expect((await owner.append(stream(1), 1, "a")).type).toBe("done");
    await store.seal(0, owner.opened.epoch);
    expect((await store.open(0)).epoch).toBe(owner.opened.epoch + 1);
  });

  it("S9: only the newest owner seals", async () => {
    const { store } = use();
    const { epoch } = await store.open(0);
    await store.open(0);
    await expect(store.seal(0, epoch, leaving)).rejects.toMatchObject({ code: "fenced" });
    expect((await store.open(0)).epoch).toBe(epoch + 2);
  });

  it("shows the seal of each partition that has one", async () => {
    const { store } = use();
    const { epoch } = await store.open(1);
    await store.seal(1, epoch, leaving);
    const record = { id: "a", address: "a", version: "1", startedAt: 1, beat: 1, isLeaving: false };
    const { partitions } = await beatAll(store, record);
    expect(partitions[1]).toEqual({ partition: 1, epoch, seal: leaving });
    expect(partitions.filter(({ seal }) => seal !== undefined)).toHaveLength(1);
  });
}
