import { PerdureError } from "@perdure/kernel";
import { expect, test } from "vitest";
import { Recent } from "./recent.ts";

class World {
  now = 0;
  reads = 0;
  value = "first";
  error: Error | undefined;
  readonly recent = new Recent({
    env: { monotonic: () => this.now },
    read: async () => {
      this.reads++;
      const { value, error } = this;
      await Promise.resolve();
      if (error) throw error;
      return value;
    },
    freshMs: 100,
    staleMs: 1_000,
  });
}

test("R2: what is known is fresh for so long, and is read once for all who ask", async () => {
  const world = new World();
  expect(await Promise.all([world.recent.get(), world.recent.get()])).toEqual(["first", "first"]);
  world.value = "second";
  world.now = 99;
  expect(await world.recent.get()).toBe("first");
  expect(world.reads).toBe(1);
  world.now = 100;
  expect(await world.recent.get()).toBe("second");
});

test("R1: what was written here is read here, also past a read that was under way", async () => {
  const world = new World();
  const before = world.recent.get();
  world.value = "written";
  world.recent.forget();
  expect(await before).toBe("first");
  expect(await world.recent.get()).toBe("written");
});

test("R3: what is not found is looked for again, but not again and again", async () => {
  const world = new World();
  await world.recent.get();
  world.now = 9;
  await world.recent.newer();
  expect(world.reads).toBe(1);
  world.now = 10;
  world.value = "second";
  expect(await world.recent.newer()).toBe("second");
});

test("R4: while nobody can be asked, what is known counts for a while, and a refusal at once", async () => {
  const world = new World();
  await world.recent.get();
  world.error = new PerdureError("unavailable", "away");
  world.now = 999;
  expect(await world.recent.get()).toBe("first");
  world.now = 1_000;
  await expect(world.recent.get()).rejects.toMatchObject({ code: "unavailable" });
  world.now = 500;
  world.error = new PerdureError("store-corrupt", "broken");
  await expect(world.recent.get()).rejects.toMatchObject({ code: "store-corrupt" });
});
