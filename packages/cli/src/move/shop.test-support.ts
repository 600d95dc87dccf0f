/** A shop in the middle of its day, whose store is to be moved: everything waits for something. */
import { SqliteStore } from "@perdure/store-sqlite";
import {
  handler,
  object,
  open,
  shape,
  shared,
  task,
  workflow,
  type Perdure,
  type RunId,
} from "perdure";

const stamp = task({ name: "stamp" }, (input: string) => `${input}!`);

const approval = workflow({ name: "approval" }, async (ctx, letter: string) => {
  const drafted = await ctx.step("draft", () => `${letter} drafted`);
  const answer = await ctx.waitFor("answer", { schema: shape<string>() });
  return ctx.run(stamp, `${drafted}, ${answer}`);
});
const nap = workflow({ name: "nap" }, async (ctx) => {
  await ctx.sleep(1_500);
  return ctx.run(stamp, "awake");
});
const parent = workflow({ name: "parent" }, async (ctx) => {
  const said = await ctx.call(approval, "child's", { id: "child" });
  return `child said ${said}`;
});
const paid = workflow({ name: "paid" }, async (ctx) =>
  ctx.waitForEvent("order.paid", { schema: shape<{ cents: number }>() }),
);
const audit = workflow(
  { name: "audit", triggers: [{ event: "order.paid" }] },
  async (_ctx, { cents }: { cents: number }) => cents,
);
const done = workflow({ name: "done" }, async (ctx, n: number) =>
  ctx.step("bytes", () => new Uint8Array([n, 255, 0])),
);
const account = object({
  name: "account",
  handlers: {
    deposit: handler(async (ctx, amount: number) => {
      const before = (await ctx.state.get<number>("balance")) ?? 0;
      ctx.state.set("balance", before + amount);
    }),
    balance: shared(async (ctx) => (await ctx.state.get<number>("balance")) ?? 0),
  },
});

const code = {
  workflows: [approval, nap, parent, paid, audit, done],
  tasks: [stamp],
  objects: [account],
  guard: false,
  log: () => undefined,
} as const;

export interface Shop {
  readonly runs: readonly RunId[];
}

/** So few that it takes no time to open them all. */
export async function makeStore(name: string): Promise<void> {
  const store = await SqliteStore.open(name.slice("sqlite:".length), { partitions: 8 });
  await store.close();
}

/** Resolves when the shop's process has ended, in good order. */
export async function openShop(store: string, letters = 3): Promise<Shop> {
  await makeStore(store);
  const perdure = await open({ ...code, store });
  try {
    const runs: RunId[] = [];
    for (let n = 0; n < 3; n++) {
      const run = await perdure.start(done, { input: n });
      await run.result();
      runs.push(run.runId);
    }
    const letter = (n: number): string => `${n} ${"dear ".repeat(n === 1 ? 10_000 : 800)}`;
    const items = Array.from({ length: letters }, (_, n) => ({
      id: `letter-${n}`,
      input: letter(n),
    }));
    for (const { run } of await perdure.startMany(approval, items)) if (run) runs.push(run.runId);
    for (const run of [perdure.start(nap), perdure.start(parent), perdure.start(paid)]) {
      runs.push((await run).runId);
    }
    await perdure.object(account, "till").deposit(40);
    await perdure.schedules.put("daily", {
      workflow: audit,
      input: { cents: 0 },
      cron: "0 3 * * *",
    });
    await rest(perdure, runs);
    return { runs };
  } finally {
    await perdure.close();
  }
}

/** Opens the store, lets everything end, and tells how it ended. */
export async function endShop(store: string, { runs }: Shop): Promise<unknown> {
  const perdure = await open({ ...code, store });
  try {
    await perdure.publish("order.paid", { cents: 7 });
    const results: unknown[] = [];
    for (const runId of [...runs, await childOf(perdure)]) {
      await perdure.signal({ runId }, "answer", "yes").catch(() => undefined);
    }
    for (const runId of runs) {
      const outcome = await perdure.engine.outcome(runId);
      results.push(outcome.status === "completed" ? textOf(outcome.output.data) : outcome.status);
    }
    await perdure.object(account, "till").deposit(2);
    const { next } = await perdure.schedules.describe("daily");
    return {
      results,
      till: await perdure.object(account, "till").balance(),
      isDaily: next.length > 0,
    };
  } finally {
    await perdure.close();
  }
}

/** Until each waits for something that does not come by itself. */
async function rest(perdure: Perdure, runs: readonly RunId[]): Promise<void> {
  for (const runId of runs) {
    for (;;) {
      const { waiting, status } = await perdure.why({ runId });
      if (status !== "open" || waiting.some(({ on }) => on !== "worker")) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function childOf(perdure: Perdure): Promise<RunId> {
  const child = await perdure.get(approval, { id: "child" });
  return child.runId;
}

const textOf = (data: Uint8Array): string => Buffer.from(data).toString("latin1").slice(0, 200);
