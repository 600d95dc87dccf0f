/** What a worker may not do, said by one that does it. */
import { afterEach, describe, expect, test } from "vitest";
import { workflow } from "perdure";
import { wireLimits } from "@perdure/wire";
import { RawWorker } from "./raw-worker.test-support.ts";
import { json, Stage, start, until, workerOf, type Node } from "./stream-rig.test-support.ts";

const stage = new Stage();

afterEach(() => stage.close());

async function refusal(raw: RawWorker) {
  await until(() => raw.isClosed);
  const [refused] = raw.of("refused");
  return { code: refused?.error.code, isFinal: refused?.isFinal };
}

/** Greets, and says how the server took it. */
async function greet(node: Node, more: Parameters<RawWorker["hello"]>[0] = {}, namespace?: string) {
  const raw = await RawWorker.open(node.url, namespace);
  raw.hello(more);
  await until(() => raw.heard.length > 0);
  return { raw, token: raw.of("welcome")[0]?.resume };
}

describe("a session's token (T3)", () => {
  test("resumes its session for its own worker", async () => {
    const node = await stage.node();
    const { raw, token } = await greet(node);
    raw.socket.terminate();
    const again = await greet(node, { resume: token! });
    expect(again.raw.of("welcome")).toMatchObject([{ isResumed: true }]);
    expect(node.streams.sessions).toBe(1);
  });

  test("changed anywhere it resumes nothing, and no other namespace or worker can use it", async () => {
    const node = await stage.node();
    const { token = "" } = await greet(node);
    const [epoch = "", session = "", mac = ""] = token.split(".");
    const flipped = (text: string) => (text.startsWith("A") ? "B" : "A") + text.slice(1);
    const forged: [string, Parameters<typeof greet>[1], string?][] = [
      ["a changed MAC", { resume: `${epoch}.${session}.${flipped(mac)}` }],
      ["a cut MAC", { resume: token.slice(0, -1) }],
      ["another session", { resume: `${epoch}.${flipped(session)}.${mac}` }],
      ["a part too many", { resume: `${token}.x` }],
      ["no token at all", { resume: "x" }],
      ["another worker", { resume: token, worker: "other" }],
      ["another namespace", { resume: token }, "foreign"],
    ];
    for (const [what, hello, namespace] of forged) {
      const { raw } = await greet(node, hello, namespace);
      expect([what, await refusal(raw)]).toEqual([what, { code: "forbidden", isFinal: true }]);
    }
    expect(node.streams.sessions).toBe(1);
    // Of another process: its session is not here, and a new one is opened.
    const other = await greet(node, { resume: `${flipped(epoch)}.${session}.${mac}`, worker: "b" });
    expect(other.raw.of("welcome")).toMatchObject([{ isResumed: false }]);
  });
});

describe("a worker's namespace (T1)", () => {
  test("is its credential's, whatever it says of itself", async () => {
    const namespaces: string[] = [];
    const node = await stage.node({
      host: (engine) => ({
        register(worker, options) {
          namespaces.push(options.namespace);
          return engine.register(worker, options);
        },
      }),
    });
    const tenant = await greet(node, {}, "tenant");
    await start(node, "anything");
    const forged = { queues: [], taskSlots: 1, runSlots: 1, leaseMs: 5_000, namespace: "other" };
    const { raw } = await greet(node, { options: forged, worker: "b" }, "tenant");
    expect(await refusal(raw)).toEqual({ code: "invalid-argument", isFinal: false });
    expect(namespaces).toEqual(["tenant"]);
    expect(tenant.raw.of("activate")).toEqual([]);
  });
});

describe("a broken rule ends its own connection, with a reason", () => {
  const rules: [string, (raw: RawWorker) => void, string][] = [
    ["a text message", (raw) => raw.socket.send("hello"), "invalid-argument"],
    ["bytes that are no frame", (raw) => raw.socket.send(Buffer.of(0xc1)), "invalid-argument"],
    ["a second greeting", (raw) => raw.hello(), "invalid-argument"],
    ["a gap in its numbers", (raw) => raw.send(2, [{ type: "drain" }]), "invalid-argument"],
    ["an acknowledgement of what was not sent", (raw) => raw.send(1, [], 99), "invalid-argument"],
  ];
  test.each(rules)("%s", async (_, act, code) => {
    const node = await stage.node();
    const { raw } = await greet(node);
    const other = await greet(node, { worker: "other" });
    act(raw);
    expect(await refusal(raw)).toEqual({ code, isFinal: false });
    expect(other.raw.isClosed).toBe(false);
    expect(node.streams.sessions).toBe(1);
  });

  test("another version of the protocol is refused for good", async () => {
    const node = await stage.node();
    const { raw } = await greet(node, { protocol: 2 });
    expect(await refusal(raw)).toEqual({ code: "invalid-argument", isFinal: true });
  });

  test("what comes before a greeting", async () => {
    const node = await stage.node();
    const raw = await RawWorker.open(node.url);
    raw.send(1, [{ type: "drain" }]);
    expect(await refusal(raw)).toEqual({ code: "invalid-argument", isFinal: false });
  });

  test("a frame one byte too long is not even read", async () => {
    const node = await stage.node();
    const { raw } = await greet(node);
    raw.socket.send(new Uint8Array(wireLimits.frameBytes + 1));
    await until(() => raw.isClosed);
  });
});

describe("one worker id", () => {
  test("is one session: a second connection is refused while the first is there", async () => {
    const node = await stage.node();
    const first = await greet(node);
    const second = await greet(node);
    expect(await refusal(second.raw)).toEqual({ code: "already-exists", isFinal: false });
    first.raw.socket.terminate();
    await until(async () => (await greet(node)).token !== undefined);
    expect(node.streams.sessions).toBe(1);
    expect((await greet(node, {}, "another namespace")).token).toBeDefined();
  });
});

describe("messages", () => {
  test("that come twice count once, and under an ended lease not at all", async () => {
    const node = await stage.node();
    const { raw, token } = await greet(node);
    const runId = await start(node, "w");
    await until(() => raw.of("activate").length === 1);
    const { lease } = raw.of("activate")[0]!;
    const step = (name: string, ordinal: number, of = lease) =>
      ({
        type: "answer",
        runId,
        lease: of,
        commands: [{ type: "value.record", key: name, ordinal, value: json(name) }],
      }) as const;
    raw.send(1, [step("a", 1)], 1);
    raw.send(1, [step("a", 1), step("stale", 2, lease + 7), step("b", 2)], 1);
    raw.socket.terminate();
    const again = await RawWorker.open(node.url);
    again.hello({ resume: token! }, raw.lastSeq);
    await until(() => again.of("welcome").length === 1);
    again.send(1, [step("a", 1), step("stale", 2, lease + 7), step("b", 2)], raw.lastSeq);
    again.send(4, [step("c", 3)], raw.lastSeq);
    await until(async () => (await node.engine.journal(runId)).length >= 4);
    const values = (await node.engine.journal(runId)).filter(
      (one) => one.kind === "value.recorded",
    );
    expect(values.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });

  test("no more of them are on their way than the worker gave credit for", async () => {
    const node = await stage.node();
    const { raw } = await greet(node, { window: 1 });
    for (let i = 0; i < 5; i++) await start(node, "w", "x".repeat(1_000));
    await until(() => raw.of("activate").length === 1);
    await new Promise((resolve) => void setTimeout(resolve, 100));
    expect(raw.of("activate")).toHaveLength(1);
    for (let taken = 1; taken < 5; taken++) {
      raw.send(1, [], taken);
      await until(() => raw.of("activate").length === taken + 1);
    }
  });

  test("that a worker does not take are bounded: its session ends, its runs go to others", async () => {
    const limits = { backlogBytes: 1_000_000, backlogMessages: 20 };
    const node = await stage.node({ limits });
    const { raw } = await greet(node, { window: 1 });
    const runId = await start(node, "w");
    for (let i = 0; i < 19; i++) await node.engine.signal({ runId }, { name: `s${i}` });
    expect(node.streams.sessions).toBe(1);
    for (let i = 0; i < 3; i++) await node.engine.signal({ runId }, { name: `t${i}` });
    expect(await refusal(raw)).toEqual({ code: "overloaded", isFinal: false });
    const { raw: other } = await greet(node, { worker: "other" });
    await until(() => other.of("activate").length === 1);
  });
});

describe("limits, at their value and one past it", () => {
  test("sessions: the one past it is refused, and taken when another has left", async () => {
    const node = await stage.node({ bounds: { streamSessions: 2 } });
    const [first] = [await greet(node, { worker: "a" }), await greet(node, { worker: "b" })];
    const { raw } = await greet(node, { worker: "c" });
    expect(await refusal(raw)).toEqual({ code: "overloaded", isFinal: false });
    expect(node.streams.sessions).toBe(2);
    first.raw.socket.close(1000);
    await until(() => node.streams.sessions === 1);
    expect((await greet(node, { worker: "c" })).token).toBeDefined();
  });

  test("the time to greet: who says nothing is refused, who greets may be silent after it", async () => {
    const node = await stage.node({ bounds: { streamHelloMs: 200 } });
    const { raw: greeted } = await greet(node);
    const silent = await RawWorker.open(node.url);
    expect(await refusal(silent)).toEqual({ code: "deadline-exceeded", isFinal: false });
    expect(greeted.isClosed).toBe(false);
  });
});

test("a worker whose credentials are refused stops, and says so once", async () => {
  const node = await stage.node();
  const fatal: string[] = [];
  const worker = workerOf(
    node.url,
    { workflows: [workflow({ name: "w" }, async () => 1)] },
    {
      sdk: "x".repeat(10),
      headers: { "x-refuse": "401" },
      onFatal: ({ code }) => void fatal.push(code),
    },
  );
  await expect(worker.start()).rejects.toMatchObject({ code: "unauthenticated" });
  expect(fatal).toEqual(["unauthenticated"]);
});
