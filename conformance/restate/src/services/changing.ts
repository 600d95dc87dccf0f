import * as restate from "@restatedev/restate-sdk";
import type { ChangeOfMind } from "./choices.ts";
import { mark } from "./ledger.ts";
import { named, objectOptions, serviceOptions } from "./settings.ts";
import { counter } from "./state.ts";

/** Takes another way in each attempt, which a replay finds out. */
const odd = (key: string): boolean => mark(`ways of ${key}`) % 2 === 1;

export const changing = restate.object({
  name: named("Changing"),
  options: {
    ...objectOptions,
    inactivityTimeout: 0,
    retryPolicy: { initialInterval: 1, maxAttempts: 1, onMaxAttempts: "kill" },
  },
  handlers: {
    change: async (ctx: restate.ObjectContext, how: ChangeOfMind): Promise<void> => {
      const first = odd(ctx.key);
      const other = ctx.objectClient<typeof counter>(counter, `${ctx.key}-other`);
      const sent = ctx.objectSendClient<typeof counter>(counter, `${ctx.key}-other`);
      if (how === "call or sleep") await (first ? ctx.sleep(50) : other.get());
      else if (how === "another method") await (first ? other.get() : other.reset());
      else if (how === "another target") void (first ? sent.get() : sent.reset());
      else ctx.set(first ? "a" : "b", "value");
      await ctx.sleep(50);
      void ctx.objectSendClient<typeof counter>(counter, ctx.key).add(1);
    },
  },
});

/** What a hook saw, by the tag in the input. */
const hooks: restate.HooksProvider = ({ request }) => ({
  interceptor: {
    handler: async (next) => {
      const tag = request.headers.get("x-tag") ?? "";
      mark(`handler before ${tag}`);
      try {
        await next();
        mark(`handler after ${tag}`);
      } catch (error) {
        mark(`handler error ${tag}`);
        throw error;
      }
    },
    run: async (name, next) => {
      const tag = request.headers.get("x-tag") ?? "";
      mark(`run before ${name} ${tag}`);
      await next();
      mark(`run after ${name} ${tag}`);
    },
  },
});

export const hooked = restate.service({
  name: named("Hooked"),
  options: { ...serviceOptions, hooks: [hooks] },
  handlers: {
    steps: async (ctx: restate.Context, tag: string): Promise<string> => {
      await ctx.run("one", () => 1);
      if (mark(`attempt ${tag}`) < 2) throw new Error("again");
      await ctx.run("two", () => 2);
      return tag;
    },
    fails: async (): Promise<void> => {
      throw new restate.TerminalError("hooked and failed");
    },
  },
});
