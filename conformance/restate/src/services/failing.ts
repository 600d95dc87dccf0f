import * as restate from "@restatedev/restate-sdk";
import { counted, mark } from "./ledger.ts";
import { named, objectOptions, serviceOptions } from "./settings.ts";

export interface Failure {
  readonly message: string;
  readonly code?: number;
  readonly metadata?: Record<string, string>;
}

function terminal({ message, code, metadata }: Failure): restate.TerminalError {
  return new restate.TerminalError(message, {
    ...(code === undefined ? {} : { errorCode: code }),
    ...(metadata === undefined ? {} : { metadata }),
  });
}

export const failing = restate.object({
  name: named("Failing"),
  options: objectOptions,
  handlers: {
    terminally: async (_ctx: restate.ObjectContext, failure: Failure): Promise<void> => {
      throw terminal(failure);
    },

    calls: async (ctx: restate.ObjectContext, failure: Failure): Promise<void> => {
      await ctx.objectClient<typeof failing>(failing, ctx.rand.uuidv4()).terminally(failure);
      throw new restate.TerminalError("the call should have failed");
    },

    /** What of a failure a caller can see. */
    catches: async (ctx: restate.ObjectContext, failure: Failure): Promise<Failure> => {
      try {
        await ctx.objectClient<typeof failing>(failing, `${ctx.key}-callee`).terminally(failure);
      } catch (error) {
        if (!(error instanceof restate.TerminalError)) throw error;
        return {
          message: error.message,
          code: error.code,
          ...(error.metadata === undefined ? {} : { metadata: error.metadata }),
        };
      }
      throw new restate.TerminalError("the call should have failed");
    },

    inAStep: async (ctx: restate.ObjectContext, failure: Failure): Promise<void> => {
      await ctx.run("fails", () => {
        throw terminal(failure);
      });
      throw new restate.TerminalError("the step should have failed");
    },

    /** Fails so many attempts, each as a bug would. */
    succeedsAtAttempt: async (ctx: restate.ObjectContext, attempts: number): Promise<number> => {
      const attempt = mark(`attempt ${ctx.key}`);
      if (attempt < attempts) throw new Error(`attempt ${attempt} fails`);
      return attempt;
    },

    /** Some work is done before the failure, and is not done again. */
    succeedsAfterWork: async (ctx: restate.ObjectContext, attempts: number): Promise<number[]> => {
      const worked = await ctx.run("work", () => mark(`work ${ctx.key}`));
      const attempt = mark(`attempt ${ctx.key}`);
      if (attempt < attempts) throw new Error(`attempt ${attempt} fails`);
      return [worked, attempt];
    },

    asTerminal: restate.handlers.object.exclusive(
      {
        asTerminalError: (error: unknown) =>
          error instanceof RangeError
            ? new restate.TerminalError(`out of range: ${error.message}`, { errorCode: 416 })
            : undefined,
      },
      async (_ctx: restate.ObjectContext): Promise<void> => {
        throw new RangeError("far away");
      },
    ),
  },
});

export const runs = restate.service({
  name: named("Runs"),
  options: serviceOptions,
  handlers: {
    /** How many closures have run by the time that the last is asked for: each one once. */
    flush: async (ctx: restate.Context, { tag, count }: { tag: string; count: number }) => {
      const results: number[] = [];
      for (let i = 0; i < count; i++) {
        results.push(await ctx.run(`step ${i}`, () => mark(`${tag} ${i}`)));
      }
      return results;
    },

    atOnce: async (ctx: restate.Context, count: number): Promise<number[]> =>
      restate.RestatePromise.all(Array.from({ length: count }, (_, i) => ctx.run(`${i}`, () => i))),

    succeedsAtAttempt: async (
      ctx: restate.Context,
      { tag, attempts }: { tag: string; attempts: number },
    ): Promise<number> =>
      ctx.run(
        "flaky",
        () => {
          const attempt = mark(tag);
          if (attempt < attempts) throw new Error(`attempt ${attempt} fails`);
          return attempt;
        },
        { retryIntervalFactor: 1, initialRetryInterval: 10 },
      ),

    /** Gives up by its own policy; says how often the closure ran. */
    exhausted: async (
      ctx: restate.Context,
      { tag, attempts }: { tag: string; attempts: number },
    ): Promise<number> => {
      try {
        await ctx.run(
          "hopeless",
          () => {
            throw new Error(`attempt ${mark(tag)} fails`);
          },
          { maxRetryAttempts: attempts, retryIntervalFactor: 1, initialRetryInterval: 10 },
        );
      } catch (error) {
        if (error instanceof restate.TerminalError) return counted(tag);
        throw error;
      }
      throw new restate.TerminalError("the step should have failed");
    },

    exhaustedByTime: async (
      ctx: restate.Context,
      { tag, ms }: { tag: string; ms: number },
    ): Promise<string> => {
      try {
        await ctx.run(
          "hopeless",
          () => {
            throw new Error(`attempt ${mark(tag)} fails`);
          },
          { maxRetryDuration: ms, retryIntervalFactor: 1, initialRetryInterval: 20 },
        );
      } catch (error) {
        if (error instanceof restate.TerminalError) return error.message;
        throw error;
      }
      throw new restate.TerminalError("the step should have failed");
    },

    /** The next attempt is when the error asks for it. */
    retryAfter: async (
      ctx: restate.Context,
      { tag, ms }: { tag: string; ms: number },
    ): Promise<number> =>
      ctx.run("later", () => {
        if (mark(tag) < 2) throw new restate.RetryableError("not yet", { retryAfter: ms });
        return ms;
      }),

    random: async (ctx: restate.Context): Promise<(string | number)[]> => {
      const drawn = [ctx.rand.uuidv4(), ctx.rand.random()];
      await ctx.sleep(5);
      drawn.push(ctx.rand.uuidv4(), ctx.rand.random());
      await ctx.sleep(5);
      return drawn;
    },

    /** The same numbers in every attempt, so that names made of them replay. */
    randomNames: async (ctx: restate.Context, tag: string): Promise<string[]> => {
      const names = [ctx.rand.uuidv4(), ctx.rand.uuidv4()];
      const kept = await ctx.run("keep", () => names);
      await ctx.sleep(5, names[0]);
      if (mark(tag) < 3) throw new Error("replay me");
      await ctx.sleep(5, names[1]);
      return [...kept, ...names];
    },

    large: async (ctx: restate.Context, chars: number): Promise<number> => {
      const text = await ctx.run("large", () => "x".repeat(chars));
      await ctx.sleep(1);
      return text.length;
    },

    manySteps: async (ctx: restate.Context, count: number): Promise<number> => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += await ctx.run(() => i);
      return sum;
    },
  },
});
