import { describe, expect, it } from "vitest";
import { agree, MemoryHarness, storeContract } from "../contract/index.ts";
import { Owner, stream, texts } from "../contract/fixture.ts";
import { Disk } from "./disk.ts";
import { MemoryStore } from "./memory-store.ts";

storeContract("the store in memory", async () => new MemoryHarness(), ["failNext", "second"]);

describe("the store in memory", () => {
  it("agrees with itself, which shows that the comparison can end", async () => {
    const one = new MemoryHarness();
    const other = new MemoryHarness();
    const agreement = await agree(one, other, 1, 2_000);
    expect(agreement.operations).toBeGreaterThanOrEqual(2_000);
  });

  it("does not apply a delayed commit of a process that has died", async () => {
    const disk = new Disk();
    let go = (): void => undefined;
    const delay = new Promise<void>((resolve) => (go = resolve));
    const dying = new MemoryStore(disk, { before: () => delay.then(() => "none" as const) });
    const commit = (await Owner.open(dying)).append(stream(1), 1, "a");
    await dying.close();
    go();
    await expect(commit).rejects.toMatchObject({ code: "closed" });
    expect(await new MemoryStore(disk).read(stream(1))).toBeUndefined();
  });

  it("fences a delayed commit whose partition was opened meanwhile", async () => {
    const disk = new Disk();
    let go = (): void => undefined;
    const delay = new Promise<void>((resolve) => (go = resolve));
    const zombie = new MemoryStore(disk, { before: () => delay.then(() => "none" as const) });
    const commit = (await Owner.open(zombie)).append(stream(1), 1, "stale");
    const owner = await Owner.open(new MemoryStore(disk));
    await owner.append(stream(1), 1, "a");
    go();
    expect((await commit).type).toBe("fenced");
    expect(texts(await zombie.read(stream(1)))).toEqual(["a"]);
  });

  it("shares no bytes with its caller", async () => {
    const store = new MemoryStore();
    const bytes = new Uint8Array([1]);
    const owner = await Owner.open(store);
    await owner.commit({ appends: [{ stream: stream(1), from: 1, events: [bytes] }] });
    bytes[0] = 2;
    const read = await store.read(stream(1));
    read?.events[0]?.fill(3);
    expect([...((await store.read(stream(1)))?.events[0] ?? [])]).toEqual([1]);
  });
});
