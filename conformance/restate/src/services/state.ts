import * as restate from "@restatedev/restate-sdk";
import { named, objectOptions } from "./settings.ts";

export interface Change {
  readonly before: number;
  readonly after: number;
}

async function change(ctx: restate.ObjectContext, amount: number): Promise<Change> {
  const before = (await ctx.get<number>("count")) ?? 0;
  ctx.set("count", before + amount);
  return { before, after: before + amount };
}

export const counter = restate.object({
  name: named("Counter"),
  options: objectOptions,
  handlers: {
    add: async (ctx: restate.ObjectContext, amount: number): Promise<Change> => change(ctx, amount),

    addThenFail: async (ctx: restate.ObjectContext, amount: number): Promise<void> => {
      await change(ctx, amount);
      throw new restate.TerminalError(`${ctx.key} has counted and fails`);
    },

    /** Reads what it has written itself, around a wait. */
    addAroundASleep: async (ctx: restate.ObjectContext, amount: number): Promise<number[]> => {
      const seen: number[] = [];
      for (let round = 0; round < 3; round++) {
        seen.push((await change(ctx, amount)).after);
        await ctx.sleep(5);
        seen.push((await ctx.get<number>("count")) ?? -1);
      }
      return seen;
    },

    reset: async (ctx: restate.ObjectContext): Promise<void> => ctx.clear("count"),

    get: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<number> =>
        (await ctx.get<number>("count")) ?? 0,
    ),
  },
});

export interface Entry {
  readonly key: string;
  readonly value: string;
}

export const mapObject = restate.object({
  name: named("MapObject"),
  options: objectOptions,
  handlers: {
    set: async (ctx: restate.ObjectContext, { key, value }: Entry): Promise<void> =>
      ctx.set(key, value),

    get: async (ctx: restate.ObjectContext, key: string): Promise<string> =>
      (await ctx.get<string>(key)) ?? "",

    isAbsent: async (ctx: restate.ObjectContext, key: string): Promise<boolean> =>
      (await ctx.get(key)) === null,

    keys: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<string[]> => ctx.stateKeys(),
    ),

    clear: async (ctx: restate.ObjectContext, key: string): Promise<void> => ctx.clear(key),

    /** Empties it, and says what was in it. */
    clearAll: async (ctx: restate.ObjectContext): Promise<Entry[]> => {
      const entries: Entry[] = [];
      for (const key of await ctx.stateKeys()) {
        entries.push({ key, value: (await ctx.get<string>(key)) ?? "" });
      }
      ctx.clearAll();
      return entries;
    },

    /** Every kind of access, with the state of before, within and after its own writes. */
    mixed: async (ctx: restate.ObjectContext): Promise<(string | null)[]> => {
      const seen: (string | null)[] = [await ctx.get<string>("a")];
      ctx.set("a", "1");
      seen.push(await ctx.get<string>("a"));
      ctx.set("b", "2");
      ctx.clear("a");
      seen.push(await ctx.get<string>("a"));
      await ctx.sleep(1);
      seen.push(await ctx.get<string>("b"));
      ctx.clearAll();
      seen.push(await ctx.get<string>("b"));
      seen.push((await ctx.stateKeys()).join());
      return seen;
    },

    writeMany: async (
      ctx: restate.ObjectContext,
      { count, chars }: { count: number; chars: number },
    ): Promise<void> => {
      for (let i = 0; i < count; i++) ctx.set(`key-${i}`, `${i}`.padEnd(chars, "x"));
    },

    sumOfLengths: async (ctx: restate.ObjectContext): Promise<number> => {
      let sum = 0;
      for (const key of await ctx.stateKeys()) sum += ((await ctx.get<string>(key)) ?? "").length;
      return sum;
    },

    setBytes: async (ctx: restate.ObjectContext, bytes: number[]): Promise<void> =>
      ctx.set("bytes", Uint8Array.from(bytes), restate.serde.binary),

    getBytes: async (ctx: restate.ObjectContext): Promise<number[]> => [
      ...((await ctx.get("bytes", restate.serde.binary)) ?? []),
    ],
  },
});

export const list = restate.object({
  name: named("ListObject"),
  options: objectOptions,
  handlers: {
    append: async (ctx: restate.ObjectContext, item: string): Promise<void> => {
      const items = (await ctx.get<string[]>("items")) ?? [];
      ctx.set("items", [...items, item]);
    },
    get: async (ctx: restate.ObjectContext): Promise<string[]> =>
      (await ctx.get<string[]>("items")) ?? [],
    take: async (ctx: restate.ObjectContext): Promise<string[]> => {
      const items = (await ctx.get<string[]>("items")) ?? [];
      ctx.clear("items");
      return items;
    },
  },
});
