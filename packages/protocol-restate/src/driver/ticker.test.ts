import { expect, it } from "vitest";
import { systemEnv, type Env } from "@perdure/engine";
import { driverLimits } from "./limits.ts";
import { Ticker } from "./ticker.ts";

it("runs as fast as what it looks at needs, and not at all for nothing", () => {
  const timers: { readonly ms: number; readonly call: () => void; isCancelled: boolean }[] = [];
  const env: Env = {
    ...systemEnv(),
    monotonic: () => 7,
    after: (ms, call) => {
      const timer = { ms, call, isCancelled: false };
      timers.push(timer);
      return () => {
        timer.isCancelled = true;
      };
    },
  };
  const ticker = new Ticker(env);
  const ticks: string[] = [];
  const slow = { noticeMs: 60_000, tick: (now: number) => ticks.push(`slow ${now}`) };
  const quick = { noticeMs: 400, tick: () => ticks.push("quick") };
  const hasty = { noticeMs: 1, tick: () => ticks.push("hasty") };
  ticker.add(slow);
  ticker.add(quick);
  expect(timers.map(({ ms, isCancelled }) => [ms, isCancelled])).toEqual([
    [driverLimits.tickMs, true],
    [100, false],
  ]);
  timers[1]!.call();
  expect(ticks).toEqual(["slow 7", "quick"]);
  ticker.remove(quick);
  ticker.add(hasty);
  expect(timers.at(-1)!.ms).toBe(driverLimits.shortestTickMs);
  ticker.remove(hasty);
  timers.at(-1)!.call();
  expect(timers.at(-1)!.ms).toBe(driverLimits.tickMs);
  ticker.remove(slow);
  const count = timers.length;
  timers.at(-1)!.call();
  expect(timers).toHaveLength(count);
});
