import * as restate from "@restatedev/restate-sdk";
import { named, objectOptions, serviceOptions } from "./settings.ts";

/** Keeps the id of an awakeable that somebody waits for, under the key that both know. */
export const holder = restate.object({
  name: named("AwakeableHolder"),
  options: objectOptions,
  handlers: {
    hold: async (ctx: restate.ObjectContext, id: string): Promise<void> => ctx.set("id", id),
    holds: async (ctx: restate.ObjectContext): Promise<boolean> => (await ctx.get("id")) !== null,
    id: async (ctx: restate.ObjectContext): Promise<string> => (await ctx.get<string>("id")) ?? "",
    resolve: async (ctx: restate.ObjectContext, payload: unknown): Promise<void> =>
      ctx.resolveAwakeable(await held(ctx), payload),
    reject: async (ctx: restate.ObjectContext, reason: string): Promise<void> =>
      ctx.rejectAwakeable(await held(ctx), reason),
  },
});

async function held(ctx: restate.ObjectContext): Promise<string> {
  const id = await ctx.get<string>("id");
  if (id === null) throw new restate.TerminalError("no awakeable is held here");
  return id;
}

export const awakeables = restate.service({
  name: named("Awakeables"),
  options: serviceOptions,
  handlers: {
    /** Waits for what is held under the key. */
    wait: async (ctx: restate.Context, key: string): Promise<unknown> => {
      const { id, promise } = ctx.awakeable<unknown>();
      await ctx.objectClient<typeof holder>(holder, key).hold(id);
      return promise;
    },
    waitOrTimeout: async (
      ctx: restate.Context,
      { key, ms }: { key: string; ms: number },
    ): Promise<unknown> => {
      const { id, promise } = ctx.awakeable<unknown>();
      await ctx.objectClient<typeof holder>(holder, key).hold(id);
      try {
        return await promise.orTimeout(ms);
      } catch (error) {
        if (error instanceof restate.TimeoutError) return "timeout";
        throw error;
      }
    },
    /** Completed before it is awaited. */
    completedEarly: async (ctx: restate.Context, payload: unknown): Promise<unknown> => {
      const { id, promise } = ctx.awakeable<unknown>();
      ctx.resolveAwakeable(id, payload);
      await ctx.sleep(20);
      return promise;
    },
  },
});

export const sleeper = restate.service({
  name: named("Sleeper"),
  options: serviceOptions,
  handlers: {
    sleep: async (ctx: restate.Context, ms: number): Promise<void> => ctx.sleep(ms, "nap"),
    /** Many at once, of 10 to 50 ms. */
    many: async (ctx: restate.Context, count: number): Promise<number> => {
      const naps = Array.from({ length: count }, (_, i) => ctx.sleep(10 + ((i * 7) % 41)));
      await restate.RestatePromise.all(naps);
      return count;
    },
    /** The moments are the journal's, not the attempt's. */
    twoMoments: async (ctx: restate.Context, ms: number): Promise<number> => {
      const before = await ctx.date.now();
      await ctx.sleep(ms);
      return (await ctx.date.now()) - before;
    },
    race: async (ctx: restate.Context, ms: number[]): Promise<number> =>
      restate.RestatePromise.race(ms.map((each) => ctx.sleep(each).map(() => each))),
  },
});

export const signals = restate.service({
  name: named("Signals"),
  options: serviceOptions,
  handlers: {
    wait: async (ctx: restate.Context, name: string): Promise<unknown> => ctx.signal(name),

    waitForTwo: async (ctx: restate.Context): Promise<unknown[]> =>
      restate.RestatePromise.all([ctx.signal("one"), ctx.signal("two")]),

    waitOrTimeout: async (ctx: restate.Context, ms: number): Promise<unknown> =>
      ctx
        .signal<string>("late")
        .orTimeout(ms)
        .map((value, failure) => {
          if (failure === undefined) return value;
          if (failure instanceof restate.TimeoutError) return "timeout";
          throw failure;
        }),

    /** The same name again and again, until `null` comes. */
    stream: async (ctx: restate.Context): Promise<unknown[]> => {
      const values: unknown[] = [];
      for (;;) {
        const value = await ctx.signal("stream");
        if (value === null) return values;
        values.push(value);
      }
    },

    resolve: async (
      ctx: restate.Context,
      { id, name, values }: { id: string; name: string; values: unknown[] },
    ): Promise<void> => {
      const signal = ctx.invocation(restate.InvocationIdParser.fromString(id)).signal(name);
      for (const value of values) signal.resolve(value);
    },

    reject: async (
      ctx: restate.Context,
      { id, name, reason }: { id: string; name: string; reason: string },
    ): Promise<void> =>
      ctx.invocation(restate.InvocationIdParser.fromString(id)).signal(name).reject(reason),

    /** Its other attempts come from suspensions, where the reference resumes it without end. */
    sameNameTwice: restate.handlers.handler(
      { inactivityTimeout: 0 },
      async (ctx: restate.Context): Promise<unknown[]> => {
        const first = await ctx.signal("again");
        const second = await ctx.signal("again");
        return [first, second];
      },
    ),
  },
});
