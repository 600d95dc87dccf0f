/**
 * `npm run bench:stream`: the steps of `steps.ts`, with the worker in another process.
 *
 *     npm run bench:stream -- --seconds 4 --in-flight 64,256
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { openNode, type StreamNode } from "./stream-node.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    "in-flight": { type: "string", default: "64,256" },
  },
});
const seconds = Number(values.seconds);
const rows: Record<string, object> = {};
for (const width of values["in-flight"].split(",").map(Number)) {
  rows[width] = await measure(width);
}
console.log("five local steps a workflow, full durability, the worker in another process");
console.table(rows);

async function measure(width: number): Promise<object> {
  const node = await openNode();
  const file = new URL("stream-worker-thread.ts", import.meta.url);
  const worker = fork(file, [node.url], { execArgv: ["--conditions=perdure-source"] });
  await once(worker, "message");
  try {
    await keepBusy(node, width, 0.5);
    const cpu = process.cpuUsage();
    const begin = performance.now();
    const steps = (await keepBusy(node, width, seconds)) * 5;
    const elapsedMs = performance.now() - begin;
    const used = process.cpuUsage(cpu);
    return {
      "steps/s": Math.round((steps / elapsedMs) * 1_000),
      "server CPU µs/step": Math.round(((used.user + used.system) / steps) * 100) / 100,
    };
  } finally {
    worker.kill("SIGTERM");
    await once(worker, "exit");
    await node.close();
  }
}

async function keepBusy(
  { engine }: StreamNode,
  width: number,
  forSeconds: number,
): Promise<number> {
  const end = performance.now() + forSeconds * 1_000;
  const input = { encoding: "json", data: new Uint8Array() };
  const request = { namespace: "default", workflow: "five", queue: "default", input };
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const { runId } = await engine.start(request);
      const { status } = await engine.outcome(runId);
      if (status !== "completed") throw new Error(`a run ended as ${status}`);
      done++;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return done;
}
