import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.open();
});

afterAll(() => rig[Symbol.asyncDispose]());

describe("a run over HTTP", () => {
  test("is started, ends, and says how", async () => {
    const body = { workflow: "echo", queue: "main", input: { value: { n: 1 } } };
    const started = await rig.call("runs.start", { body });
    expect(started.status).toBe(201);
    expect(started.headers.get("perdure-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const { runId } = started.body;
    const outcome = await rig.call("runs.outcome", {
      params: { runId },
      query: { waitMs: "5000" },
    });
    const output = { encoding: "json", text: '{"n":1}' };
    expect(outcome.body).toEqual({ outcome: { status: "completed", output } });
    const view = await rig.call("runs.describe", { params: { runId } });
    expect(view.body).toMatchObject({ row: { status: "completed" }, spec: { workflow: "echo" } });
    const journal = await rig.call("runs.journal", { params: { runId } });
    expect(journal.body.events[0]).toMatchObject({ kind: "run.started", seq: 1 });
    expect(journal.body.events.at(-1)).toMatchObject({ kind: "run.completed", output });
  });

  test("takes a signal under its key, and is found in lists", async () => {
    const key = { kind: "workflow", id: "order/7 ü" };
    const runId = await rig.start("wait", { key, attributes: { customer: "c-7" } });
    const query = { attributes: '{"customer":"c-7"}', status: "open,paused", limit: "1" };
    expect((await rig.call("runs.list", { query })).body.rows).toMatchObject([{ runId }]);
    expect((await rig.call("runs.count", { query: { key: key.id } })).body).toEqual({ count: 1 });
    const signal = { name: "go", payload: { value: "gone" } };
    expect(await rig.call("runs.signal", { params: { runId }, body: signal })).toMatchObject({
      status: 204,
      body: undefined,
    });
    const { body } = await rig.call("runs.outcome", {
      params: { runId },
      query: { waitMs: "5000" },
    });
    expect(body.outcome.output.text).toBe('"gone"');
  });

  test("answers queries and updates, says why it waits, and is paused, resumed, terminated", async () => {
    const runId = await rig.start("wait");
    const params = { runId };
    await expect
      .poll(async () => (await rig.call("runs.why", { params })).body.waiting)
      .toMatchObject([{ on: "signal" }]);
    const ask = { name: "state", input: { encoding: "raw", data: "AP8=" } };
    const output = { encoding: "raw", data: "AP8=" };
    expect((await rig.call("runs.query", { params, body: ask })).body).toEqual({ output });
    expect((await rig.call("runs.update", { params, body: ask })).body).toEqual({ output });
    expect((await rig.call("runs.pause", { params, body: { message: "wait" } })).status).toBe(204);
    expect((await rig.call("runs.resume", { params, body: {} })).status).toBe(204);
    expect((await rig.call("runs.fork", { params, body: { at: 1 } })).status).toBe(201);
    expect((await rig.call("runs.terminate", { params, body: {} })).status).toBe(204);
    const late = await rig.call("runs.signal", { params, body: { name: "go" } });
    expect(late).toMatchObject({ status: 409, body: { error: { code: "already-closed" } } });
  });

  test("has no outcome yet while it is open, and a long poll waits for it", async () => {
    const runId = await rig.start("wait");
    expect((await rig.call("runs.outcome", { params: { runId } })).body).toEqual({});
    const polls = [1, 2, 3].map(() =>
      rig.call("runs.outcome", { params: { runId }, query: { waitMs: "60000" } }),
    );
    await rig.call("runs.signal", { params: { runId }, body: { name: "go" } });
    for (const { body } of await Promise.all(polls)) expect(body.outcome.status).toBe("completed");
  });
});

describe("what is wrong with a request", () => {
  test.each([
    ['"input"', { workflow: "echo", queue: "main" }],
    ['"wokflow"', { workflow: "echo", queue: "main", input: { value: 1 }, wokflow: "x" }],
    ['"workflow"', { workflow: "", queue: "main", input: { value: 1 } }],
    ['"workflow"', { workflow: "a\0b", queue: "main", input: { value: 1 } }],
    ["base64", { workflow: "echo", queue: "main", input: { encoding: "x", data: "~" } }],
    ['"namespace"', { workflow: "echo", queue: "main", input: { value: 1 }, namespace: "other" }],
    ['"version"', { workflow: "echo", queue: "main", input: { value: 1 }, version: null }],
    ["not JSON", "{"],
    ["deep", "[".repeat(100_000)],
  ])("is said by name (%#: %s)", async (named, body) => {
    const { status, body: answer } = await rig.call("runs.start", { body });
    expect([400, 413]).toContain(status);
    expect(answer.error.message).toContain(named);
  });

  test("an unknown parameter, a parameter twice, and a bad cursor are refused", async () => {
    expect((await rig.call("runs.list", { query: { statsu: "open" } })).status).toBe(400);
    expect((await rig.call("runs.list", { query: { cursor: "'; DROP TABLE" } })).status).toBe(400);
    const twice = await fetch(`${rig.url("runs.list")}?workflow=a&workflow=b`, {
      headers: { authorization: `Bearer ${rig.admin}` },
    });
    expect(await twice.text()).toContain("more than once");
  });
});
