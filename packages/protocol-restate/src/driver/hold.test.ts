/** Endpoints that do what no SDK should, or what it does at a bad moment. */
import { afterEach, describe, expect, it } from "vitest";
import { limits, runId, type Journal, type RunId } from "@perdure/kernel";
import type { Discovered } from "./discover.ts";
import { defaultSettings } from "../deployments/settings.ts";
import { NAMESPACE, World, type WorldOptions } from "./driver.test-support.ts";
import type { Message } from "../messages/messages.ts";
import { eventually } from "./eventually.test-support.ts";
import {
  bytes,
  end,
  error,
  output,
  proposal,
  run,
  scriptedEndpoint,
  sleep,
  suspension,
  type Script,
  type Scripted,
} from "./scripted-endpoint.test-support.ts";

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const retry = { ...defaultSettings.retry, initialMs: 1, maxAttempts: 2 };

function manifest(mode: Discovered["protocolMode"]): Discovered {
  const services = [
    { name: "S", ty: "SERVICE", handlers: [{ name: "h" }] },
    {
      name: "O",
      ty: "VIRTUAL_OBJECT",
      handlers: [
        { name: "h", ty: "EXCLUSIVE" },
        { name: "s", ty: "SHARED" },
      ],
    },
  ];
  return {
    manifest: { protocolMode: mode, minProtocolVersion: 5, maxProtocolVersion: 7, services },
    protocolMode: mode,
  };
}

async function scripted(
  script: Script,
  options: WorldOptions = {},
  mode?: Discovered["protocolMode"],
) {
  const endpoint = await scriptedEndpoint(async (attempt, index) => {
    attempt.respond();
    await attempt.begun();
    await script(attempt, index);
  });
  closing.push(() => endpoint.close());
  const discover = async () => manifest(mode ?? "BIDI_STREAM");
  const world = await World.open({ settings: { retry }, discover, ...options });
  closing.push(() => world.close());
  await world.register(endpoint.url.href);
  return { world, endpoint };
}

const types = ({ messages }: Scripted) => messages.map(({ type }) => type);

async function paused(world: World, id: RunId) {
  await eventually(async () => expect(await world.kinds(id)).toContain("run.paused"));
  const journal = await world.journal(id);
  return journal.find((event) => event.kind === "run.paused")!;
}

describe("an invocation", () => {
  it("tells the SDK what is on disk: a whole completion, or that it is noted", async () => {
    const { world, endpoint } = await scripted(async (sdk) => {
      sdk.send(run(1, "a"), proposal(1, '"x"', true), run(2, "b"), proposal(2, '"y"'));
      await sdk.until(({ messages }) => messages.length >= 4);
      sdk.finish(output('"done"'), end);
    });
    expect(await world.call("S/h")).toBe("done");
    expect(endpoint.attempts[0]!.messages.slice(2)).toEqual([
      { type: "proposeRunCompletionAck", completionId: 1 },
      {
        type: "completion",
        of: "run",
        completionId: 2,
        result: { type: "value", value: bytes('"y"') },
      },
    ]);
  });

  it("ends with what came in one piece, in one commit", async () => {
    const { world } = await scripted((sdk) => {
      const set: Message = { type: "setState", key: bytes("k"), value: bytes("1"), name: "" };
      sdk.finish(set, output("2"), end);
    });
    const id = await world.send("O/a/h");
    expect(await world.value(id)).toBe(2);
    const journal = await world.journal(id);
    expect(journal.slice(-2).map(({ kind }) => kind)).toEqual(["state.written", "run.completed"]);
  });

  it("is told its key, its state and how often it was tried", async () => {
    const { world, endpoint } = await scripted((sdk, index) => {
      if (index === 0) {
        const set: Message = { type: "setState", key: bytes("k"), value: bytes("1"), name: "" };
        return sdk.finish(set, output("1"), end);
      }
      if (index === 1) return sdk.finish(error(500, "boom"));
      sdk.finish(output("2"), end);
    });
    await world.call("O/a/h");
    expect(await world.call("O/a/s")).toBe(2);
    const [first, second, third] = endpoint.attempts.map(({ messages: [start] }) => start);
    expect(first).toMatchObject({ key: "a", state: [], partialState: false, retryCount: 0 });
    const state = [{ key: bytes("k"), value: bytes("1") }];
    expect(second).toMatchObject({ key: "a", state, partialState: false, retryCount: 0 });
    expect(third).toMatchObject({ retryCount: 1, knownEntries: 1 });
    const { headers } = endpoint.attempts[1]!;
    expect(headers).toMatchObject({
      "x-restate-service-key": "a",
      "x-restate-signature-scheme": "unsigned",
      accept: "application/vnd.restate.invocation.v7",
    });
    expect(headers["x-restate-invocation-id"]).toMatch(/^inv_1/);
  });

  it("has the next attempt only when what it awaits has come, and nothing is asked meanwhile (D3)", async () => {
    const { world, endpoint } = await scripted(
      async (sdk, index) => {
        if (index === 0) {
          sdk.send(sleep(1, Date.now() + 400), sleep(2, Date.now() + 60_000));
          await sdk.halfClosed();
          return sdk.finish(suspension(1));
        }
        sdk.finish(output('"rested"'), end);
      },
      { settings: { retry, inactivityTimeoutMs: 100 } },
    );
    const id = await world.send("S/h");
    await eventually(async () => {
      expect(await world.kinds(id)).toContain("activation.completed");
    });
    // It wakes the run, and is nothing that is awaited.
    await world.engine.signal({ runId: id }, { name: "other" });
    expect(await world.value(id)).toBe("rested");
    expect(endpoint.attempts).toHaveLength(2);
    const { knownEntries } = endpoint.attempts[1]!.messages[0] as { knownEntries: number };
    expect(types(endpoint.attempts[1]!).slice(1)).toEqual([
      "input",
      "sleep",
      "sleep",
      "signal",
      "completion",
    ]);
    expect(knownEntries).toBe(5);
  });

  it("goes on at once where what it awaits came after its last word", async () => {
    const { world, endpoint } = await scripted(
      async (sdk, index) => {
        if (index === 0) return sdk.finish(run(1), proposal(1, "1"), suspension(1));
        if (index === 1) return sdk.finish(run(2), proposal(2, "2"), suspension(2));
        sdk.finish(output("3"), end);
      },
      {},
      "REQUEST_RESPONSE",
    );
    const id = await world.send("S/h");
    expect(await world.value(id)).toBe(3);
    expect(endpoint.attempts.map(({ messages }) => messages.length - 1)).toEqual([1, 3, 5]);
  });

  it("learns the id of what it has called, though that wakes nobody", async () => {
    const call: Message = {
      type: "oneWayCall",
      service: "S",
      handler: "h",
      parameter: bytes("7"),
      headers: [],
      key: "",
      invocationIdCompletion: 1,
      invokeAt: 0,
      name: "",
    };
    const { world, endpoint } = await scripted(
      (sdk) => {
        const input = sdk.messages[1]!;
        if (input.type === "input" && input.value.length > 0) return sdk.finish(output("0"), end);
        if (sdk.messages.length === 2) return sdk.finish(call, suspension(1));
        sdk.finish(output('"known"'), end);
      },
      {},
      "REQUEST_RESPONSE",
    );
    expect(await world.call("S/h")).toBe("known");
    const second = endpoint.attempts.find(({ messages }) => messages.length === 4)!;
    expect(second.messages[3]).toMatchObject({ of: "callInvocationId", completionId: 1 });
  });

  it("can wait for its own step again, for a while", async () => {
    const { world } = await scripted((sdk, index) => {
      if (index < 1) return sdk.finish(run(1, "a"), suspension(1));
      sdk.finish(run(1, "a"), proposal(1, "1"), output("1"), end);
    });
    expect(await world.call("S/h")).toBe(1);
    // What it has done in its third attempt is not written down yet when it suspends.
    const busy = await scripted((sdk, index) => {
      if (index < 1) return sdk.finish(run(1, "a"), proposal(1, "1"), suspension(1));
      if (index < 2) return sdk.finish(run(2, "b"), suspension(2));
      if (index < 3) return sdk.finish(run(2, "b"), proposal(2, "2"), suspension(2));
      sdk.finish(output("1"), end);
    });
    expect(await busy.world.call("S/h")).toBe(1);
    const endless = await scripted((sdk) => sdk.finish(run(1, "a"), suspension(1)));
    const id = await endless.world.send("S/h");
    expect((await paused(endless.world, id)).message).toMatch(/suspends again and again/);
  });

  it("does what the SDK wants of a failure: pause, or end", async () => {
    const { world } = await scripted((sdk) => {
      const asks = Buffer.from((sdk.messages[1] as { value: Uint8Array }).value).toString();
      sdk.finish(error(500, "boom", { behavior: asks === "1" ? 1 : 2 }));
    });
    const id = await world.send("S/h", 1);
    expect(await paused(world, id)).toMatchObject({ reason: "code", message: "boom" });
    expect(await world.call("S/h", 2)).toMatchObject({ status: "failed", code: "500" });
  });

  it("is stopped with its attempt when it is terminated", async () => {
    const { world, endpoint } = await scripted((sdk) => sdk.send(sleep(1, Date.now() + 60_000)));
    const id = await world.send("S/h");
    await eventually(async () => expect(await world.kinds(id)).toContain("timer.started"));
    await world.engine.terminate(id);
    await eventually(() => expect(endpoint.attempts[0]!.stream.closed).toBe(true));
  });

  it("has no queries and no updates, and says so", async () => {
    const { world } = await scripted((sdk) => sdk.send(sleep(1, Date.now() + 60_000)));
    const id = await world.send("S/h");
    await eventually(async () => expect(await world.kinds(id)).toContain("timer.started"));
    const input = { encoding: "json", data: new Uint8Array(0) };
    await expect(world.engine.query({ runId: id }, "q", input)).rejects.toThrow(/has no queries/);
    await expect(world.engine.update({ runId: id }, "u", input)).rejects.toThrow(
      /takes no updates/,
    );
  });
});

describe("an endpoint that lies", () => {
  it.each<[string, readonly Message[], RegExp]>([
    ["proposes a result for a run that it never began", [proposal(7, "1")], /no run is open/],
    ["proposes two", [run(1), proposal(1, "1"), proposal(1, "2")], /proposed before/],
    ["uses an id twice", [sleep(1, 5), sleep(1, 5)], /used before/],
    ["ends without an output", [end], /there was no output before it/],
    [
      "writes state that it has no key for",
      [{ type: "setState", key: bytes("k"), value: bytes("1"), name: "" }],
      /state/,
    ],
  ])("%s: the invocation pauses, and says why", async (_, messages, reason) => {
    const { world } = await scripted((sdk) => sdk.send(...messages));
    const id = await world.send("S/h");
    expect((await paused(world, id)).message).toMatch(reason);
  });

  it("writes in a shared handler: that is refused at once", async () => {
    const { world, endpoint } = await scripted((sdk) => {
      sdk.send({ type: "setState", key: bytes("k"), value: bytes("1"), name: "" });
    });
    const id = await world.send("O/a/s");
    expect((await paused(world, id)).message).toMatch(/RT0017/);
    expect(endpoint.attempts).toHaveLength(1);
  });

  it("takes a result of the limit, and pauses for one that is a byte longer", async () => {
    let size: number = limits.payloadBytes;
    const { world } = await scripted((sdk) => sdk.finish(output(`"${"x".repeat(size - 2)}"`), end));
    expect(await world.call("S/h")).toHaveLength(size - 2);
    size += 1;
    const id = await world.send("S/h");
    expect((await paused(world, id)).message).toMatch(/RT0003/);
  });

  it("calls a service that nobody has: it is tried again, for that may come", async () => {
    const call: Message = {
      type: "call",
      service: "Nobody",
      handler: "h",
      parameter: bytes("1"),
      headers: [],
      key: "",
      invocationIdCompletion: 1,
      completionId: 2,
      name: "",
    };
    const { world, endpoint } = await scripted((sdk) => sdk.send(call));
    const id = await world.send("S/h");
    expect((await paused(world, id)).message).toMatch(/no deployment here has the service/);
    expect(endpoint.attempts).toHaveLength(2);
  });
});

it("is paused where its journal is none of a Restate service", async () => {
  const { world } = await scripted((sdk) => sdk.finish(output("1"), end));
  const { runId: id } = await world.engine.importRun(NAMESPACE, nativeJournal());
  expect((await paused(world, id)).message).toMatch(/RT0006/);
});

/** Of a native workflow that has a Restate service's name. */
function nativeJournal(): Journal {
  const id = runId(Date.now(), 7, "0123456789abcdef");
  const input = { encoding: "json", data: bytes("1") };
  const spec = { runId: id, namespace: NAMESPACE, workflow: "S.h", queue: "restate", input };
  const at = Date.now();
  const step = { key: "charge", ordinal: 1, name: "charge", attempt: 1, output: input };
  const events: Journal["events"] = [
    { seq: 1, at, kind: "run.started", spec },
    { seq: 2, at, kind: "step.completed", ...step },
  ];
  return { spec, events };
}
