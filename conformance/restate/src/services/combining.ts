import * as restate from "@restatedev/restate-sdk";
import { named, objectOptions, serviceOptions } from "./settings.ts";

export type Leaf =
  | { readonly kind: "awakeable"; readonly name: string }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "step"; readonly value: string }
  | { readonly kind: "failing step"; readonly message: string }
  | { readonly kind: "ready"; readonly value: string }
  | { readonly kind: "failed"; readonly message: string };

export const combinators = ["all", "race", "any", "allSettled"] as const;

export interface Combination {
  readonly combinator: (typeof combinators)[number];
  readonly of: readonly (Leaf | Combination)[];
}

type Text = restate.RestatePromise<string>;

function started(ctx: restate.ObjectContext, leaf: Leaf): Text {
  switch (leaf.kind) {
    case "awakeable": {
      const { id, promise } = ctx.awakeable<string>();
      ctx.set(`awakeable ${leaf.name}`, id);
      return promise;
    }
    case "signal":
      return ctx.signal<string>(leaf.name);
    case "sleep":
      return ctx.sleep(leaf.ms).map(() => `slept ${leaf.ms}`);
    case "step":
      return ctx.run(leaf.value, () => leaf.value);
    case "failing step":
      return ctx.run(leaf.message, () => {
        throw new restate.TerminalError(leaf.message);
      });
    case "ready":
      return restate.RestatePromise.resolve(leaf.value);
    case "failed":
      return restate.RestatePromise.reject(new restate.TerminalError(leaf.message));
  }
}

const settled = (result: PromiseSettledResult<string>): string =>
  result.status === "fulfilled" ? result.value : `failed: ${(result.reason as Error).message}`;

function combined(ctx: restate.ObjectContext, node: Leaf | Combination): Text {
  if (!("combinator" in node)) return started(ctx, node);
  const open = node.of.map((each) => combined(ctx, each));
  switch (node.combinator) {
    case "race":
      return restate.RestatePromise.race(open);
    case "any":
      return restate.RestatePromise.any(open);
    case "all":
      return restate.RestatePromise.all(open).map((values, failure) => {
        if (failure !== undefined) throw failure;
        return (values ?? []).join("|");
      });
    case "allSettled":
      return restate.RestatePromise.allSettled(open).map((results) =>
        (results ?? []).map(settled).join("|"),
      );
  }
}

export const combiner = restate.object({
  name: named("Combiner"),
  options: objectOptions,
  handlers: {
    combine: async (ctx: restate.ObjectContext, combination: Combination): Promise<string> =>
      combined(ctx, combination),

    /** Another wait comes after it, so what was chosen is replayed. */
    combineAndSleep: async (ctx: restate.ObjectContext, combination: Combination) => {
      const result = await combined(ctx, combination);
      await ctx.sleep(5, result.slice(0, 40));
      return result;
    },

    combineWithin: async (
      ctx: restate.ObjectContext,
      { combination, ms }: { combination: Combination; ms: number },
    ): Promise<string> => {
      try {
        return await combined(ctx, combination).orTimeout(ms);
      } catch (error) {
        if (error instanceof restate.TimeoutError) return "timeout";
        throw error;
      }
    },

    awakeable: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext, name: string): Promise<string | null> =>
        ctx.get<string>(`awakeable ${name}`),
    ),
  },
});

export const promises = restate.service({
  name: named("Promises"),
  options: serviceOptions,
  handlers: {
    /** Two races share a promise, each has one of its own. */
    sharedBySettledRaces: async (ctx: restate.Context): Promise<string[]> => {
      const shared = ctx.signal<string>("shared");
      const results = await restate.RestatePromise.allSettled([
        restate.RestatePromise.race([shared, ctx.signal<string>("first")]),
        restate.RestatePromise.race([shared, ctx.signal<string>("second")]),
      ]);
      await ctx.sleep(1);
      return results.map(settled);
    },

    mappedFailure: async (ctx: restate.Context): Promise<string[]> => {
      const shared = ctx.signal<string>("shared");
      try {
        return await restate.RestatePromise.all([
          restate.RestatePromise.race([
            shared.map((): string => {
              throw new restate.TerminalError("the map throws");
            }),
            ctx.signal<string>("first"),
          ]),
          restate.RestatePromise.race([shared, ctx.signal<string>("second")]),
        ]);
      } catch (error) {
        await ctx.sleep(1);
        throw error;
      }
    },

    mapsOnce: async (ctx: restate.Context): Promise<number> => {
      let times = 0;
      const mapped = ctx.sleep(5).map(() => (times += 1));
      await mapped;
      await mapped;
      return times;
    },

    /** The map draws when it is awaited, so the draws come in the same order in each attempt. */
    mapsWhenAwaited: async (ctx: restate.Context): Promise<string> => {
      ctx.rand.uuidv4();
      const mapped = ctx.sleep(10).map(() => ctx.rand.uuidv4());
      ctx.rand.uuidv4();
      await ctx.sleep(10);
      const drawn = await mapped;
      await ctx.sleep(10, drawn);
      return drawn;
    },

    emptyAll: async (): Promise<unknown[]> => restate.RestatePromise.all([]),

    emptyRace: async (): Promise<string> =>
      restate.RestatePromise.race<restate.RestatePromise<string>[]>([])
        .orTimeout(1)
        .map((_value, failure) =>
          failure instanceof restate.TimeoutError ? "timeout" : "no timeout",
        ),

    allOfACall: async (ctx: restate.Context, ms: number): Promise<string> => {
      const call = ctx.serviceClient<typeof promises>(promises).sleeps(ms);
      const winner = await restate.RestatePromise.race([
        call.map(() => "call"),
        ctx.sleep(60_000).map(() => "sleep"),
      ]);
      return `${winner} of ${await call}`;
    },

    sleeps: async (ctx: restate.Context, ms: number): Promise<number> => {
      await ctx.sleep(ms);
      return ms;
    },
  },
});
