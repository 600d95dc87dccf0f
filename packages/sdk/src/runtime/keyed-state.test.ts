import { expect, test } from "vitest";
import { workflow, type Context, type ObjectContext } from "../index.ts";
import { decode, encodePayload } from "../payload.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { outputsOf, SingleRun } from "../testing/single-run.test-support.ts";

const key = { namespace: "test", kind: "object:cart", id: "c" };

/** Answers reads as the key's machine does: the names of all entries under the empty name. */
async function answerReads(run: SingleRun, entries: Record<string, unknown>): Promise<void> {
  for (const { message } of run.sent.splice(0)) {
    if (message.type !== "key.read") continue;
    const found = message.name === "" ? Object.keys(entries) : entries[message.name];
    const value = found === undefined ? {} : { value: encodePayload(found, "it") };
    const { ordinal, replyTo } = message;
    await run.tell({ type: "state.value", key: replyTo.key, ordinal, ...value });
  }
}

test("a name is read once, and a run sees what it wrote itself", async () => {
  const definition = workflow({ name: "w" }, async (base: Context) => {
    const { state } = base as ObjectContext;
    const [a, again] = await Promise.all([state.get<number[]>("a"), state.get<number[]>("a")]);
    a?.push(9);
    state.set("b", { n: 2 });
    const before = await state.keys();
    state.clear("a");
    const after = [await state.get("a"), await state.get("b"), await state.keys()];
    state.clear();
    return { a, again, before, after, gone: [await state.get("c"), await state.keys()] };
  });
  const options = { spec: { key, mode: "exclusive" } } as const;
  const run = await new SingleRun(definition, options).start();
  const reads = run.sent.length;
  await answerReads(run, { a: [1], c: 3 });
  await answerReads(run, { a: [1], c: 3 });
  expect(reads).toBe(1);
  expect(run.outcome?.status).toBe("completed");
  expect(decode(outputsOf(run).at(-1))).toEqual({
    a: [1, 9],
    again: [1],
    before: ["a", "b", "c"],
    after: [null, { n: 2 }, ["b", "c"]],
    gone: [null, []],
  });
  await expectReplays(definition, run.journal, options);
});

test("a run without a key is told what to do", async () => {
  const definition = workflow({ name: "w" }, async (base: Context) => {
    await (base as ObjectContext).state.get("a");
  });
  const run = await new SingleRun(definition).start();
  expect(run.outcome).toMatchObject({
    status: "failed",
    failure: { message: expect.stringContaining("handler of an object") },
  });
});
