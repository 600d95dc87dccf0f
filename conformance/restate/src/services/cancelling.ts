import * as restate from "@restatedev/restate-sdk";
import type { BlockedOn } from "./choices.ts";
import { mark } from "./ledger.ts";
import { named, objectOptions, serviceOptions } from "./settings.ts";
import { holder } from "./waiting.ts";

const day = 86_400_000;

type Internal = restate.Context & restate.internal.ContextInternal;

/** Waits on the caller's word, and then for something that never comes. */
export const blocker = restate.object({
  name: named("Blocker"),
  options: objectOptions,
  handlers: {
    block: async (ctx: restate.ObjectContext, on: BlockedOn): Promise<void> => {
      const { id, promise } = ctx.awakeable();
      await ctx.objectClient<typeof holder>(holder, ctx.key).hold(id);
      await promise;
      switch (on) {
        case "call":
          // The object is its own caller, so the call waits for its end.
          return ctx.objectClient<typeof blocker>(blocker, ctx.key).block(on);
        case "sleep":
          return ctx.sleep(day);
        case "awakeable":
          return ctx.awakeable<void>().promise;
        case "signal":
          return ctx.signal<void>("never");
        case "step":
          return ctx.run("hopeless", () => {
            throw new Error("never succeeds");
          });
        case "attach": {
          const { invocationId } = ctx.serviceSendClient<typeof slow>(slow).forADay();
          return ctx.invocation(await invocationId).attach<void>();
        }
      }
    },
    isFree: async (): Promise<boolean> => true,
  },
});

export const slow = restate.service({
  name: named("Slow"),
  options: serviceOptions,
  handlers: {
    forADay: async (ctx: restate.Context): Promise<void> => ctx.sleep(day),
    /** Tells that it was cancelled. */
    forADayWithCleanup: async (ctx: restate.Context, tag: string): Promise<void> => {
      try {
        await ctx.sleep(day);
      } catch (error) {
        await ctx.run("clean up", () => mark(`cleanup ${tag}`));
        throw error;
      }
    },
  },
});

/** Calls the blocker and remembers that the call was cancelled. */
export const canceller = restate.object({
  name: named("Canceller"),
  options: objectOptions,
  handlers: {
    start: async (ctx: restate.ObjectContext, on: BlockedOn): Promise<void> => {
      try {
        await ctx.objectClient<typeof blocker>(blocker, ctx.key).block(on);
      } catch (error) {
        if (!(error instanceof restate.TerminalError) || error.code !== 409) throw error;
        ctx.set("cancelled", true);
      }
    },
    wasCancelled: async (ctx: restate.ObjectContext): Promise<boolean> =>
      (await ctx.get<boolean>("cancelled")) ?? false,
  },
});

/** Calls itself by two objects, so that a tree of invocations holds two keys. */
export const killed = restate.object({
  name: named("Killed"),
  options: objectOptions,
  handlers: {
    tree: async (ctx: restate.ObjectContext): Promise<void> =>
      ctx.objectClient<typeof killed>(killed, `${ctx.key}-leaf`).leaf(ctx.key),
    leaf: async (ctx: restate.ObjectContext, heldUnder: string): Promise<void> => {
      const { id, promise } = ctx.awakeable<void>();
      await ctx.objectClient<typeof holder>(holder, heldUnder).hold(id);
      await promise;
    },
    isFree: async (): Promise<boolean> => true,
  },
});

export const saga = restate.service({
  name: named("Saga"),
  options: serviceOptions,
  handlers: {
    /** Books in order; when one fails, or it is cancelled, undoes what was booked, last first. */
    book: async (
      ctx: restate.Context,
      { tag, failsAt, sleepMs }: { tag: string; failsAt: number; sleepMs: number },
    ): Promise<string[]> => {
      const undo: string[] = [];
      try {
        for (let i = 0; i < 3; i++) {
          if (i === failsAt) throw new restate.TerminalError(`booking ${i} fails`);
          await ctx.run(`book ${i}`, () => mark(`booked ${tag} ${i}`));
          undo.unshift(`undo ${i}`);
        }
        await ctx.sleep(sleepMs);
        return ["booked"];
      } catch (error) {
        for (const name of undo) await ctx.run(name, () => mark(`${name} ${tag}`));
        if (!(error instanceof restate.TerminalError)) throw error;
        return [error.message, ...undo];
      }
    },
  },
});

/** Cancellation is the handler's own business. */
export const explicit = restate.service({
  name: named("ExplicitCancellation"),
  options: { ...serviceOptions, explicitCancellation: true },
  handlers: {
    race: async (ctx: restate.Context): Promise<string> =>
      restate.RestatePromise.race([
        ctx.sleep(day).map(() => "slept"),
        (ctx as Internal).cancellation().map(() => {
          throw new restate.TerminalError("asked to stop");
        }),
      ]),

    /** The first is answered with a cleanup, and the second would end that. */
    twice: async (ctx: restate.Context): Promise<string[]> => {
      const internal = ctx as Internal;
      const seen: string[] = [];
      for (const round of ["first", "second"]) {
        const cancelled = internal.cancellation().map(() => round);
        seen.push(
          await restate.RestatePromise.race([ctx.sleep(day).map(() => "slept"), cancelled]),
        );
        await ctx.run("clean up", () => round);
      }
      return seen;
    },

    cancelsItsCalls: async (ctx: restate.Context, count: number): Promise<string[]> => {
      for (let i = 0; i < count; i++) void ctx.serviceClient<typeof slow>(slow).forADay();
      return (ctx as Internal).cancelPreviousCalls();
    },
  },
});
