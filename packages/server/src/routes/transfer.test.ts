import { expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

const headers = { "content-type": "application/x-ndjson" };

test("what one namespace exports another one takes, each line answered for, and twice is once", async () => {
  await using rig = await Rig.open();
  const runId = await rig.start("echo");
  await rig.call("runs.outcome", { params: { runId }, query: { waitMs: "5000" } });

  const line = await (await rig.fetch("transfer.export")).text();
  expect(line).toMatch(/^\{"perdure":1,"spec":.*\}\n$/);

  await using other = await Rig.open();
  const key = await other.key("admin", "elsewhere");
  const body = `${line}\n{"perdure":2}\n${line}no JSON`;
  const answer = await other.call("transfer.import", { key, headers, body });
  expect(answer.body).toMatchObject({
    imported: 1,
    existing: 1,
    failed: [
      { line: 3, error: { code: "invalid-argument" } },
      { line: 5, error: { code: "invalid-argument" } },
    ],
  });
  expect((await other.call("runs.describe", { key, params: { runId } })).body).toMatchObject({
    spec: { namespace: "elsewhere" },
    outcome: { status: "completed" },
  });
  expect((await other.call("runs.count")).body).toEqual({ count: 0 });
});

test("an import is for admins, and its body has a type that no page can send", async () => {
  await using rig = await Rig.open();
  const operator = await rig.key("operator");
  const refused = await rig.call("transfer.import", { key: operator, headers, body: "" });
  expect(refused.status).toBe(403);
  const plain = { "content-type": "text/plain" };
  expect((await rig.call("transfer.import", { headers: plain, body: "" })).status).toBe(400);
});
