/** The worker's process of `stream.ts`. */
import { systemEnv } from "@perdure/engine";
import { workflow } from "perdure";
import { Registry, StreamWorker } from "perdure/worker";

const five = workflow({ name: "five" }, async (ctx) => {
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += await ctx.step("add", () => i);
  return sum;
});

const env = systemEnv();
const worker = new StreamWorker({
  url: process.argv[2] ?? "",
  id: "bench",
  sdk: "bench",
  registry: new Registry({ workflows: [five] }),
  options: { taskSlots: 100, runSlots: 10_000 },
  env,
  log: (...line) => env.log(...line),
});
process.on("SIGTERM", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
  void worker.drain();
});
await worker.start();
process.send?.("ready");
process.channel?.unref();
