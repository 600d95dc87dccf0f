/** The generator flavour of the SDK: fibers, channels and races over the same journal. */
import * as restate from "@restatedev/restate-sdk";
import * as gen from "@restatedev/restate-sdk-gen";
import { mark } from "./ledger.ts";
import { named, objectOptions, serviceOptions } from "./settings.ts";

/** As a client that knows only the names sees it. */
export interface GeneratedHandlers {
  all(ctx: unknown, ms: number): Promise<string>;
  spawned(ctx: unknown, count: number): Promise<number>;
  race(ctx: unknown, ms: number): Promise<string>;
  saga(ctx: unknown, req: { tag: string; failsAt: string }): Promise<string>;
  retried(ctx: unknown, req: { tag: string; attempts: number }): Promise<number>;
}

export interface GeneratedCounterHandlers {
  add(ctx: unknown, amount: number): Promise<number>;
}

export const generated = gen.service({
  name: named("Generated"),
  options: serviceOptions,
  handlers: {
    *all(ms: number) {
      const [one, two] = yield* gen.all([
        gen.run(async () => "one", { name: "one" }),
        gen.sleep(ms, "two"),
      ]);
      return `${one} ${String(two)}`;
    },

    *spawned(count: number) {
      const tasks = Array.from({ length: count }, (_, i) =>
        gen.spawn(
          gen.gen(function* () {
            yield* gen.sleep(5 + i, `nap ${i}`);
            return yield* gen.run(async () => i, { name: `step ${i}` });
          }),
        ),
      );
      const values = yield* gen.all(tasks);
      return values.reduce((sum, each) => sum + each, 0);
    },

    /** The loser would take a day, and is left behind. */
    *race(ms: number) {
      const slow = gen.spawn(
        gen.gen(function* () {
          yield* gen.sleep(86_400_000, "a day");
          return "slow";
        }),
      );
      const fast = gen.spawn(
        gen.gen(function* () {
          yield* gen.sleep(ms, "fast");
          return "fast";
        }),
      );
      return yield* gen.race([slow, fast]);
    },

    *saga(req: { tag: string; failsAt: string }) {
      yield* gen.run(async () => mark(`reserve ${req.tag}`), { name: "reserve" });
      try {
        yield* gen.run(
          async () => {
            if (req.failsAt === "charge") throw new restate.TerminalError("the charge fails");
          },
          { name: "charge" },
        );
        yield* gen.run(async () => "created", { name: "create" });
        return "bought";
      } catch (error) {
        yield* gen.run(async () => mark(`release ${req.tag}`), { name: "release" });
        throw error;
      }
    },

    *retried(req: { tag: string; attempts: number }) {
      return yield* gen.run(
        async () => {
          const attempt = mark(req.tag);
          if (attempt < req.attempts) throw new Error(`attempt ${attempt} fails`);
          return attempt;
        },
        { name: "flaky", retry: { initialInterval: 10, exponentiationFactor: 1 } },
      );
    },
  },
});

export const generatedCounter = gen.object({
  name: named("GeneratedCounter"),
  options: objectOptions,
  handlers: {
    *add(amount: number) {
      const state = gen.state<{ count: number }>();
      const count = ((yield* state.get("count")) ?? 0) + amount;
      state.set("count", count);
      return count;
    },
  },
});
