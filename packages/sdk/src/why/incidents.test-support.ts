/** Twelve ways in which work stands still, as `why` tells them, and what its cure does. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { within, type Worker } from "@perdure/engine";
import { SqliteStore } from "@perdure/store-sqlite";
import { handler, object, task, workflow, type Context } from "../index.ts";
import { encodePayload } from "../payload.ts";
import { commands, Scene, type Told } from "./scene.test-support.ts";

const approve = workflow({ name: "approve" }, async (ctx) => ctx.waitFor("approval"));

export async function aSignalNobodySends(): Promise<Told> {
  const scene = await Scene.open({ workflows: [approve] });
  const { runId } = await scene.perdure.start(approve, { id: "order-7" });
  await scene.env.settle();
  await scene.perdure.signal({ runId }, "aproval", { by: "ann" });
  await scene.env.advance("3d");
  const told = await scene.tell(scene.perdure.why({ runId }));
  await scene.enact(commands(told.explanation)[0]);
  const after = await scene.status(runId);
  await scene.close();
  return { ...told, after };
}

const render = workflow({ name: "render", queue: "gpu" }, async () => "rendered");

export async function noWorkerOnTheQueue(): Promise<Told> {
  const scene = await Scene.open({ workflows: [approve] });
  const { runId } = await scene.perdure.start(render);
  await scene.env.advance("2h");
  const told = await scene.tell(scene.perdure.why({ runId }));
  const next = await scene.restart({ workflows: [render] });
  await next.env.settle();
  const after = await next.status(runId);
  await next.close();
  return { ...told, after };
}

export async function aStepRetryingForHours(): Promise<Told> {
  let isDown = true;
  const charge = workflow({ name: "charge" }, async (ctx) =>
    ctx.step(
      "charge-card",
      () => {
        if (isDown) throw Object.assign(new Error("the bank answers 503"), { code: "bank-down" });
      },
      { retry: { initialMs: 1_000, factor: 2, maxIntervalMs: 600_000, maxAttempts: 0 } },
    ),
  );
  const scene = await Scene.open({ workflows: [charge] });
  const { runId } = await scene.perdure.start(charge);
  await scene.env.advance("5h");
  const told = await scene.tell(scene.perdure.why({ runId }));
  isDown = false;
  await scene.env.advance("10m");
  const after = await scene.status(runId);
  await scene.close();
  return { ...told, after };
}

const returns = (code: (ctx: Context) => Promise<unknown>) =>
  workflow({ name: "returns" }, async (ctx) => {
    await ctx.step("validate", () => "ok");
    await code(ctx);
  });

export async function codeThatChanged(): Promise<Told> {
  const before = returns(async (ctx) => ctx.sleep("1h"));
  const changed = returns(async (ctx) => ctx.step("create-label", () => "label"));
  const first = await Scene.open({ workflows: [before] });
  const { runId } = await first.perdure.start(before);
  await first.env.settle();
  const second = await first.restart({ workflows: [changed] });
  await second.env.advance("90m");
  const told = await second.tell(second.perdure.why({ runId }));
  const third = await second.restart({ workflows: [before] });
  await third.enact(commands(told.explanation)[0]);
  const after = await third.status(runId);
  await third.close();
  return { ...told, after };
}

const cart = object({
  name: "cart",
  handlers: {
    reserve: handler(async (ctx) => ctx.waitFor("stock", { timeout: "30d" })),
    add: handler(async (_ctx, item: string) => item),
  },
});

/** Three starts for one cart: the first holds it and waits. */
export async function anObjectHeldByARunThatWaits(): Promise<Told & { afterRestart: string }> {
  const scene = await Scene.open({ objects: [cart] });
  const key = { namespace: "default", kind: "object:cart", id: "7" };
  const start = async (name: string) => {
    const input = encodePayload("book", "the input");
    const request = { namespace: "default", workflow: name, queue: "default", input, key };
    return (await scene.engine.start({ ...request, mode: "exclusive" })).runId;
  };
  await start("cart.reserve");
  await start("cart.add");
  await scene.env.advance("1h");
  const queued = await start("cart.add");
  await scene.env.advance("2d");
  const told = await scene.tell(scene.perdure.why({ runId: queued }));
  const next = await scene.restart({ objects: [cart] });
  const again = await next.perdure.why({ runId: queued });
  await next.enact(commands(told.explanation)[0]);
  const after = await next.status(queued);
  await next.close();
  return { ...told, after, afterRestart: again.summary };
}

/** Takes work and is never heard of again. */
const silent: Worker = {
  id: "warehouse-1",
  activate: () => undefined,
  deliver: () => undefined,
  evict: () => undefined,
  runTask: () => undefined,
  cancelTask: () => undefined,
  query: () => Promise.reject(new Error("silent")),
  update: () => Promise.reject(new Error("silent")),
};

const ship = task({ name: "ship", queue: "warehouse" }, async () => "shipped");
const deliver = workflow({ name: "deliver" }, async (ctx) => ctx.run(ship));

export async function aLostWorker(): Promise<Told> {
  const scene = await Scene.open({ workflows: [deliver] });
  const queues = [{ name: "warehouse", workflows: [], tasks: ["ship"] }];
  const namespace = "default";
  scene.engine.register(silent, { namespace, queues, taskSlots: 1, runSlots: 0, leaseMs: 30_000 });
  const { runId } = await scene.perdure.start(deliver);
  await scene.env.settle();
  await scene.env.advance("20m");
  const told = await scene.tell(scene.perdure.why({ runId }));
  const next = await scene.restart({ workflows: [deliver], tasks: [ship] });
  await next.env.settle();
  const after = await next.status(runId);
  await next.close();
  return { ...told, after };
}

const nightly = workflow({ name: "nightly" }, async (ctx) => ctx.waitFor("warehouse-closed"));

export async function aScheduleThatSkips(): Promise<Told> {
  const scene = await Scene.open({ workflows: [nightly] });
  await scene.perdure.schedules.put("nightly-stock", { workflow: nightly, cron: "0 3 * * *" });
  await scene.env.advance("6d");
  const told = await scene.tell(scene.perdure.schedules.why("nightly-stock"));
  await scene.enact(commands(told.explanation)[0]);
  await scene.env.advance("1d");
  const { running } = await scene.perdure.schedules.describe("nightly-stock");
  await scene.close();
  return { ...told, after: `${running.length} run open, of today` };
}

export async function aPausedRun(): Promise<Told> {
  const scene = await Scene.open({ workflows: [approve] });
  const { runId } = await scene.perdure.start(approve);
  await scene.env.settle();
  const ann = within(scene.engine, { namespace: "default", by: "ann" });
  await ann.pause(runId, "the supplier asked us to hold this order");
  await scene.env.advance("26h");
  const told = await scene.tell(scene.perdure.why({ runId }));
  await scene.enact(commands(told.explanation)[0]);
  const after = await scene.status(runId);
  await scene.close();
  return { ...told, after };
}

export async function aChildThatWaitsForItsParent(): Promise<Told> {
  const child = workflow({ name: "invoice" }, async (ctx, order: string): Promise<unknown> =>
    ctx.call(parent, undefined, { id: order, conflict: "useExisting" }),
  );
  const parent = workflow({ name: "order" }, async (ctx) => ctx.call(child, "order-7"));
  const scene = await Scene.open({ workflows: [parent, child] });
  const { runId } = await scene.perdure.start(parent, { id: "order-7" });
  await scene.env.settle();
  await scene.env.advance("4h");
  const told = await scene.tell(scene.perdure.why({ runId }));
  await scene.enact(commands(told.explanation)[0]);
  const after = await scene.status(runId);
  await scene.close();
  return { ...told, after };
}

export async function aFullDisk(): Promise<Told & { stopped: Told }> {
  const folder = await mkdtemp(join(tmpdir(), "perdure-full-"));
  const file = join(folder, "perdure.db");
  const store = SqliteStore.openInline(file, { partitions: 4, maxBytes: 1_000_000 });
  const scene = await Scene.open({ workflows: [approve], store });
  const { runId } = await scene.perdure.start(approve);
  await scene.env.settle();
  await scene.env.advance("1h");
  // Until not even the smallest commit finds room.
  for (const chars of [30_000, 3_000, 300, 1, 1]) {
    const attributes = { note: "x".repeat(chars) };
    const fill = async () => {
      for (;;) await scene.perdure.start(approve, { attributes });
    };
    await fill().catch(() => undefined);
  }
  const told = await scene.tell(scene.perdure.why({ runId }));
  await scene.env.advance("1h");
  const walled = within(scene.engine, { namespace: "default" });
  const stopped = await scene.tell(walled.why(runId));
  // What is left to write cannot be written either.
  await scene.close().catch(() => undefined);
  await rm(folder, { recursive: true });
  return { ...told, stopped };
}

const pay = workflow({ name: "pay" }, async (ctx) => ctx.promise("bank confirms").result);

export async function aPromiseWithoutATimeout(): Promise<Told> {
  const scene = await Scene.open({ workflows: [pay] });
  const { runId } = await scene.perdure.start(pay);
  await scene.env.settle();
  await scene.env.advance("9d");
  const told = await scene.tell(scene.perdure.why({ runId }));
  await scene.enact(commands(told.explanation)[0]);
  const after = await scene.status(runId);
  await scene.close();
  return { ...told, after };
}

/** A worker of version v1 runs the code up to its wait, and is never started again. */
function firstRelease(scene: Scene): void {
  const on = { type: "signal", name: "approval" } as const;
  const wait = { type: "wait.start", key: "approval", ordinal: 1, on } as const;
  const worker: Worker = {
    ...silent,
    id: "release-1",
    activate: ({ runId, lease, events }) => {
      const answer = { commands: [wait], through: events.length };
      setImmediate(() => session.answer(runId, lease, answer));
    },
  };
  const session = scene.engine.register(worker, {
    namespace: "default",
    queues: [{ name: "default", workflows: ["approve"], tasks: [] }],
    taskSlots: 0,
    runSlots: 1,
    leaseMs: 0,
    version: "v1",
    versioning: "pin",
  });
}

export async function aVersionNobodyRuns(): Promise<Told> {
  const scene = await Scene.open({});
  firstRelease(scene);
  const { runId } = await scene.perdure.start(approve);
  await scene.env.settle();
  const next = await scene.restart({ workflows: [approve] });
  await next.perdure.signal({ runId }, "approval");
  await next.env.advance("6h");
  const told = await next.tell(next.perdure.why({ runId }));
  await next.enact(commands(told.explanation)[0]);
  const after = await next.status(runId);
  await next.close();
  return { ...told, after };
}

/** Beside the twelve: a step that hangs, and whoever waits behind it for the only slot. */
export async function aStepThatHangs(): Promise<Told & { behind: Told }> {
  const carrier = Promise.withResolvers<string>();
  const hang = workflow({ name: "hang" }, async (ctx) =>
    ctx.step("call-carrier", () => carrier.promise),
  );
  const scene = await Scene.open({ workflows: [hang], worker: { runSlots: 1 } });
  const { runId } = await scene.perdure.start(hang);
  await new Promise((resolve) => void setImmediate(resolve));
  const second = await scene.perdure.start(hang);
  const told = await scene.tell(scene.perdure.why({ runId }));
  const behind = await scene.tell(scene.perdure.why({ runId: second.runId }));
  carrier.resolve("answered at last");
  await scene.close();
  return { ...told, behind };
}
