/** A node's process: an app that has `open`ed Perdure, with its engine, its code and its part of the load. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { open, type EmbeddedPerdure } from "perdure";
import { keepBusy } from "../lanes.ts";
import { code, five, nothing, probe } from "../ours/definitions.ts";
import { expect } from "../ours/load.ts";
import type { NodeAnswer, NodeAsk, NodeLanes, NodeLoad, NodeOpening } from "./messages.ts";
import type { Budget } from "../contender.ts";

const patienceMs = 60_000;
const againMs = 20;

let perdure: EmbeddedPerdure | undefined;

process.on("message", (ask: NodeAsk) => {
  void answer(ask).then(
    (value) => tell({ id: ask.id, value: value ?? null }),
    (error: unknown) => tell({ id: ask.id, error: String(error) }),
  );
});
// Whoever has started it is gone.
process.on("disconnect", () => process.exit());

function tell(telling: NodeAnswer): void {
  if (process.connected) process.send?.(telling);
}

async function answer(ask: NodeAsk): Promise<unknown> {
  if (ask.verb === "open") {
    perdure = await opened(ask.opening);
    return undefined;
  }
  if (perdure === undefined) throw new Error(`"${ask.verb}" before "open"`);
  switch (ask.verb) {
    case "load":
      return load(perdure, ask.load, ask.budget);
    case "reach":
      return reach(perdure, ask.keys);
    case "openRuns":
      return perdure.count({ status: ["open"] });
    case "close":
      return perdure.close();
  }
}

function opened({ store, secret }: NodeOpening): Promise<EmbeddedPerdure> {
  const node = secret === undefined ? {} : { node: { listen: "127.0.0.1:0", secret } };
  return open({ store, ...node, ...code });
}

async function load(node: EmbeddedPerdure, kind: NodeLoad, budget: Budget): Promise<NodeLanes> {
  probe.latencies.drain();
  const ends: number[] = [];
  const lanes = await keepBusy(budget.lanes ?? 1, budget, async () => {
    const begin = performance.now();
    const run = await node.start(kind === "steps" ? five : nothing);
    const result = await run.result();
    if (kind === "no-steps") expect(result, 1);
    ends.push(performance.now() - begin);
  });
  return { ...lanes, latenciesMs: kind === "steps" ? probe.latencies.drain() : ends };
}

async function reach(node: EmbeddedPerdure, keys: number): Promise<void> {
  const wave = randomUUID();
  const deadline = performance.now() + patienceMs;
  await Promise.all(
    Array.from({ length: keys }, async (_, key) => {
      // What cannot be answered while partitions move is asked again, as a client does.
      while (!(await answered(node, `${wave}-${key}`, deadline))) await sleep(againMs);
    }),
  );
}

async function answered(node: EmbeddedPerdure, id: string, deadline: number): Promise<boolean> {
  try {
    const run = await node.start(nothing, { id });
    expect(await run.result(), 1);
    return true;
  } catch (error) {
    if (performance.now() > deadline) throw error;
    return false;
  }
}
