import { Disk, MemoryStore } from "@perdure/store";
import { expect, test } from "vitest";
import { open, workflow, type EmbeddedPerdure } from "./index.ts";

const secret = "a-secret-of-two-processes-in-one";
const where = workflow({ name: "where" }, async (ctx, text: string) => ctx.step("say", () => text));
const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor<string>("go"));

function node(disk: Disk): Promise<EmbeddedPerdure> {
  return open({
    store: new MemoryStore(disk),
    node: { listen: "127.0.0.1:0", secret, leaseMs: 2_000, beatMs: 50 },
    workflows: [where, waiting],
    log: () => undefined,
  });
}

async function shared(...all: readonly EmbeddedPerdure[]): Promise<void> {
  const isSettled = ({ engine }: EmbeddedPerdure): boolean => {
    const { partitions, partitionsOpen, node: standing } = engine.stats();
    return partitionsOpen === partitions / all.length && standing?.partitionsReached === partitions;
  };
  while (!all.every(isSettled)) await new Promise((done) => void setTimeout(done, 10));
}

test("two processes with one store share its runs, and one goes on alone when the other closes", async () => {
  const disk = new Disk(4);
  const [a, b] = [await node(disk), await node(disk)];
  await shared(a, b);
  const runs = await Promise.all(
    Array.from({ length: 8 }, (_, n) => a.start(where, { input: `run ${n}` })),
  );
  const seen = await Promise.all(
    runs.map(async ({ runId }) => (await b.get(where, { runId })).result()),
  );
  expect(seen).toEqual(runs.map((_, n) => `run ${n}`));
  const held = await a.start(waiting, { id: "held" });
  await a.close();
  await shared(b);
  await b.signal({ runId: held.runId }, "go", "on");
  expect(await (await b.get(waiting, { id: "held" })).result()).toBe("on");
  await b.close();
});

test("a store that is one process's own has no nodes, and the error says what has", async () => {
  const options = { node: { listen: "127.0.0.1:0", secret }, workflows: [where] };
  await expect(open({ store: "memory:", ...options })).rejects.toThrow(/postgres:/);
});
