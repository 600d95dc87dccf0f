/** Deployments that a scenario has for itself: it ends their process, or replaces their code. */
import * as restate from "@restatedev/restate-sdk";
import { mark } from "./ledger.ts";
import { named, objectOptions, serviceOptions, settings } from "./settings.ts";

const day = 86_400_000;

export const own = restate.service({
  name: named("Own"),
  options: serviceOptions,
  handlers: {
    say: async (_ctx: restate.Context, said: string): Promise<string> => `own: ${said}`,
    sleep: async (ctx: restate.Context, ms: number): Promise<number> => {
      const started = await ctx.run("start", () => mark("sleep starts"));
      await ctx.sleep(ms);
      return started;
    },
  },
});

export const ownCounter = restate.object({
  name: named("OwnCounter"),
  options: objectOptions,
  handlers: {
    add: async (ctx: restate.ObjectContext, amount: number): Promise<number> => {
      const count = ((await ctx.get<number>("count")) ?? 0) + amount;
      ctx.set("count", count);
      return count;
    },
  },
});

/** Two attempts and then a pause. */
const pauses = { initialInterval: 5, maxAttempts: 2, onMaxAttempts: "pause" as const };
const killsItself = { ...pauses, onMaxAttempts: "kill" as const };

const isFirst = settings.set !== "second-version";
const version = isFirst ? "first" : "second";

/** The first version has a bug; the second has not, and a handler more. */
export const versioned = restate.service({
  name: named("Versioned"),
  options: { ...serviceOptions, journalRetention: day },
  handlers: {
    which: async (): Promise<string> => version,

    /** Says which version finished what it began. */
    long: async (ctx: restate.Context, ms: number): Promise<string> => {
      const began = await ctx.run("begin", () => version);
      await ctx.sleep(ms);
      return `${began} ${version}`;
    },

    breaks: restate.handlers.handler(
      { retryPolicy: pauses },
      async (ctx: restate.Context, tag: string): Promise<string> => {
        const began = await ctx.run("begin", () => version);
        mark(`breaks ${tag}`);
        if (isFirst) throw new Error("the first version has a bug");
        return `${began} ${version}`;
      },
    ),

    breaksUntil: restate.handlers.handler(
      { retryPolicy: pauses },
      async (_ctx: restate.Context, { tag, attempt }: { tag: string; attempt: number }) => {
        if (mark(`breaks ${tag}`) < attempt) throw new Error("not yet");
        return "done";
      },
    ),

    dies: restate.handlers.handler(
      { retryPolicy: killsItself },
      async (_ctx: restate.Context, tag: string): Promise<void> => {
        throw new Error(`attempt ${mark(`dies ${tag}`)} fails`);
      },
    ),

    steps: async (ctx: restate.Context, tag: string): Promise<string> => {
      const one = await ctx.run("one", () => mark(`one ${tag}`));
      const two = await ctx.run("two", () => mark(`two ${tag}`));
      if (mark(`three ${tag}`) === 1) throw new restate.TerminalError("the third step fails");
      return `${one} ${two}`;
    },

    ...(isFirst ? {} : { added: async (): Promise<string> => "added" }),
  },
});

/** What is kept of its calls is forgotten soon. */
export const forgetful = restate.service({
  name: named("Forgetful"),
  options: { ...serviceOptions, idempotencyRetention: 1_000, journalRetention: 0 },
  handlers: {
    count: async (_ctx: restate.Context, tag: string): Promise<number> => mark(tag),
  },
});
