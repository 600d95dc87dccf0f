/** The workloads as Restate's handlers. They are served by `service-process.ts`. */
import * as restate from "@restatedev/restate-sdk";
import { machineMs } from "../../../src/clock.ts";
import { Latencies } from "../../../src/latency.ts";
import { stepsPerRun, Stopwatch } from "../load.ts";

export const latencies = new Latencies();

let tellOfWaiting: (call: string, awakeable: string) => void = () => undefined;

/** The listener hears of each call that is about to wait, and what is to be resolved. */
export function onWaiting(listener: typeof tellOfWaiting): void {
  tellOfWaiting = listener;
}

export const bench = restate.service({
  name: "bench",
  handlers: {
    five: async (ctx: restate.Context): Promise<number> => {
      const stopwatch = new Stopwatch(latencies);
      let sum = 0;
      for (let i = 0; i < stepsPerRun; i++) {
        sum += await ctx.run("add", () => {
          stopwatch.lap();
          return i;
        });
      }
      return sum;
    },

    nothing: async (): Promise<number> => 1,

    parent: async (ctx: restate.Context, children: number): Promise<number> => {
      const calls = Array.from({ length: children }, () =>
        ctx.serviceClient<typeof bench>({ name: "bench" }).nothing(),
      );
      const results = await restate.RestatePromise.all(calls);
      return results.reduce((sum, one) => sum + one, 0);
    },

    /** The awakeable is resolved with the moment of its sending. */
    waiter: async (ctx: restate.Context, call: string): Promise<number> => {
      const { id, promise } = ctx.awakeable<number>();
      tellOfWaiting(call, id);
      const sentAt = await promise;
      return ctx.run("resumed", () => {
        latencies.add(machineMs() - sentAt);
        return 1;
      });
    },
  },
});

export const counter = restate.object({
  name: "counter",
  handlers: {
    increment: async (ctx: restate.ObjectContext): Promise<number> => {
      const next = ((await ctx.get<number>("count")) ?? 0) + 1;
      ctx.set("count", next);
      return next;
    },
  },
});
