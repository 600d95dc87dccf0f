import { afterEach, describe, expect, it } from "vitest";
import { systemEnv } from "@perdure/engine";
import type { Message } from "../messages/messages.ts";
import { messageLimits } from "../messages/limits.ts";
import { Attempt, type AttemptListener, type AttemptTerms } from "./attempt.ts";
import { eventually } from "./eventually.test-support.ts";
import type { AttemptFailure } from "./failure.ts";
import { anyAddress } from "./http/endpoints.test-support.ts";
import { Http2Transport } from "./http/http2-transport.ts";
import { contentTypeOf } from "./http-answer.ts";
import { driverLimits } from "./limits.ts";
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
} from "./scripted-endpoint.test-support.ts";

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

class Listener implements AttemptListener {
  readonly chunks: (readonly Message[])[] = [];
  readonly failures: AttemptFailure[] = [];
  inClosure: { readonly name: string; readonly sinceMs: number } | undefined;

  get messages(): readonly Message[] {
    return this.chunks.flat();
  }

  took(messages: readonly Message[]): void {
    this.chunks.push(messages);
  }

  failed(failure: AttemptFailure): void {
    this.failures.push(failure);
  }

  closure() {
    return this.inClosure;
  }
}

const terms: AttemptTerms = { version: 7, isBidi: true, inactivityMs: 60_000, abortMs: 60_000 };
const input: Message = { type: "input", headers: [], value: bytes("1"), name: "" };
const start: Message = {
  type: "start",
  id: new Uint8Array(24),
  debugId: "inv_1",
  knownEntries: 1,
  state: [],
  partialState: true,
  key: "",
  retryCount: 0,
  durationMs: 0,
  randomSeed: 1n,
};

async function attempted(script: Script, some: Partial<AttemptTerms> = {}) {
  const endpoint = await scriptedEndpoint(script);
  const env = systemEnv();
  const transport = new Http2Transport({ origin: endpoint.url, guard: anyAddress, env });
  closing.push(transport, endpoint);
  const listener = new Listener();
  const left = Promise.withResolvers<void>();
  const all = { ...terms, ...some };
  const type = contentTypeOf(all.version);
  const attempt = new Attempt(
    { transport, env },
    { method: "POST", path: "/invoke/S/h", headers: { "content-type": type, accept: type } },
    all,
    { listener, left: () => left.resolve() },
  );
  attempt.begin([start, input]);
  return { attempt, listener, endpoint, left: left.promise, env };
}

const failing = async (script: Script, some: Partial<AttemptTerms> = {}) => {
  const { listener } = await attempted(script, some);
  await eventually(() => expect(listener.failures).toHaveLength(1));
  return { ...listener.failures[0]!, messages: listener.messages };
};

describe("an attempt", () => {
  it("says what it is given, hears messages in order, and closes its side at the end (A1, A2)", async () => {
    const seen: unknown[] = [];
    const { listener, left } = await attempted(async (sdk) => {
      sdk.respond();
      const { knownEntries } = await sdk.begun();
      sdk.send(run(1, "stamp"), proposal(1, '"a"'));
      sdk.send(output("2"), end);
      await sdk.halfClosed();
      seen.push(
        knownEntries,
        sdk.messages.map(({ type }) => type),
      );
      sdk.finish();
    });
    await left;
    expect(listener.failures).toEqual([]);
    expect(listener.messages.map(({ type }) => type)).toEqual([
      "run",
      "proposeRunCompletion",
      "output",
      "end",
    ]);
    expect(seen).toEqual([1, ["start", "input"]]);
  });

  it("hears the messages of one chunk at once", async () => {
    const { listener, left } = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.finish(run(1), proposal(1, "1"), output("2"), end);
    });
    await left;
    expect(listener.chunks).toHaveLength(1);
  });

  it("closes its side at once where the endpoint answers only then", async () => {
    const { attempt, listener, left } = await attempted(
      async (sdk) => {
        await sdk.halfClosed();
        sdk.respond();
        sdk.finish(suspension(1));
      },
      { isBidi: false },
    );
    expect(attempt.canSend).toBe(false);
    await left;
    expect(listener.messages.map(({ type }) => type)).toEqual(["suspension"]);
  });

  it("tells what is durable while it is open, and nothing when its side is closed (A3)", async () => {
    const { attempt, listener, endpoint, left } = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.send(sleep(1, 5));
      await sdk.until(({ messages }) => messages.length === 3);
      await sdk.halfClosed();
      sdk.finish(suspension(2));
    });
    await eventually(() => expect(listener.messages).toHaveLength(1));
    const fired: Message = {
      type: "completion",
      of: "sleep",
      completionId: 1,
      result: { type: "void" },
    };
    attempt.send([fired]);
    attempt.halfClose();
    attempt.send([fired]);
    await left;
    expect(endpoint.attempts[0]!.messages.slice(2)).toEqual([fired]);
  });

  it("asks a silent one to suspend, and gives up on one that does not (A2)", async () => {
    const { attempt, listener, endpoint, env } = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.send(run(1, "charge"));
    });
    await eventually(() => expect(listener.messages).toHaveLength(1));
    const now = env.monotonic();
    attempt.tick(now + terms.inactivityMs - 1_000);
    expect(attempt.canSend).toBe(true);
    attempt.tick(now + terms.inactivityMs + 1_000);
    expect(attempt.canSend).toBe(false);
    await endpoint.attempts[0]!.halfClosed();
    listener.inClosure = { name: "charge", sinceMs: 60_000 };
    attempt.tick(now + terms.inactivityMs + terms.abortMs + 500);
    expect(listener.failures).toEqual([]);
    attempt.tick(now + terms.inactivityMs + terms.abortMs + 2_000);
    expect(listener.failures).toEqual([
      {
        code: "RT0001",
        message: expect.stringMatching(/closure of run "charge" has been running/),
      },
    ]);
    await eventually(() => expect(endpoint.attempts[0]!.stream.closed).toBe(true));
  });

  it("tells silence from the beginning apart from silence later", async () => {
    const mute = await attempted((sdk) => sdk.respond());
    const late = mute.env.monotonic() + terms.inactivityMs + terms.abortMs + 10_000;
    mute.attempt.halfClose();
    mute.attempt.tick(late);
    expect(mute.listener.failures[0]!.message).toMatch(/no message at all.*Node 22/);
    const blocked = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.send(sleep(1, 5));
    });
    await eventually(() => expect(blocked.listener.messages).toHaveLength(1));
    blocked.attempt.halfClose();
    blocked.attempt.tick(late);
    expect(blocked.listener.failures[0]!.message).toMatch(/neither went on nor suspended/);
  });

  it("is silent after it was given up, and the endpoint feels it", async () => {
    const { attempt, listener, endpoint } = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.send(sleep(1, 5));
    });
    await eventually(() => expect(listener.messages).toHaveLength(1));
    attempt.giveUp();
    await eventually(() => expect(endpoint.attempts[0]!.stream.closed).toBe(true));
    expect(listener.failures).toEqual([]);
  });

  it("gives a response up that is not closed after its last message", async () => {
    const { attempt, listener, endpoint, env } = await attempted(async (sdk) => {
      sdk.respond();
      await sdk.begun();
      sdk.send(output("1"), end);
    });
    await eventually(() => expect(listener.messages).toHaveLength(2));
    attempt.tick(env.monotonic() + driverLimits.drainMs);
    await eventually(() => expect(endpoint.attempts[0]!.stream.closed).toBe(true));
    expect(listener.failures).toEqual([]);
  });
});

describe("an endpoint that does not keep to the protocol (A4)", () => {
  const begun =
    (what: (sdk: Parameters<Script>[0]) => void): Script =>
    async (sdk) => {
      sdk.respond();
      await sdk.begun();
      what(sdk);
    };

  it.each<[string, Script, RegExp, string]>([
    ["stops", begun((sdk) => sdk.finish()), /RT0010.*without End.*no message at all/, "RT0010"],
    [
      "stops after a command",
      begun((sdk) => sdk.finish(sleep(1, 5))),
      /RT0010.*without End.*process may have been stopped/,
      "RT0010",
    ],
    [
      "stops in the middle of a message",
      begun((sdk) => {
        sdk.raw(Uint8Array.of(4, 0, 0, 0, 0, 0));
        sdk.finish();
      }),
      /RT0010.*in the middle of a message/,
      "RT0010",
    ],
    [
      "breaks the connection",
      begun((sdk) => sdk.stream.session?.destroy()),
      /RT0010.*the connection broke/,
      "RT0010",
    ],
    [
      "sends what only servers send",
      begun((sdk) => sdk.send(input)),
      /RT0012.*"input", and only a server/,
      "RT0012",
    ],
    [
      "ends twice over",
      begun((sdk) => sdk.finish(output("1"), end, end)),
      /RT0012.*more after its last message/,
      "RT0012",
    ],
    [
      "has two outputs",
      begun((sdk) => sdk.finish(output("1"), output("2"), end)),
      /RT0012.*"output", and there was one before/,
      "RT0012",
    ],
    [
      "sends no frames",
      begun((sdk) => sdk.raw(bytes("HTTP/1.1 200 OK\r\n\r\n"))),
      /RT0012|RT0003/,
      expect.stringMatching(/RT00(12|03)/) as string,
    ],
  ])("%s: the attempt fails, and says why", async (_, script, message, code) => {
    expect(await failing(script)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("keeps what came before the mistake", async () => {
    const { messages } = await failing(begun((sdk) => sdk.send(sleep(1, 5), input)));
    expect(messages).toEqual([sleep(1, 5)]);
  });

  it("pauses for a message past the limit: it would come again", async () => {
    const header = Buffer.alloc(8);
    header.writeUInt16BE(0x0401);
    header.writeUInt32BE(messageLimits.frameBytes + 1, 4);
    const failure = await failing(begun((sdk) => sdk.raw(header)));
    expect(failure).toMatchObject({ code: "RT0003", next: { pause: "code" } });
  });
});

describe("an answer that is no answer", () => {
  it.each<[number, Readonly<Record<string, string>>, Partial<AttemptFailure>]>([
    [502, {}, { code: "RT0010" }],
    [504, {}, { code: "RT0010" }],
    [429, { "retry-after": "7" }, { code: "RT0023", retryAfterMs: 7_000 }],
    [503, {}, { code: "RT0023" }],
    [413, {}, { code: "RT0019", next: { pause: "code" } }],
    [415, {}, { code: "RT0015", next: { pause: "code" }, isUntouched: true }],
    [404, {}, { code: "RT0012", next: { pause: "code" } }],
    [401, {}, { code: "RT0012", message: expect.stringMatching(/identity key/) as string }],
    [302, { location: "/" }, { code: "RT0012" }],
    [500, {}, { code: "RT0012" }],
  ])("with status %s", async (status, headers, expected) => {
    const failure = await failing((sdk) => {
      sdk.respond(status, headers);
      sdk.stream.end("its own words");
    });
    expect(failure).toMatchObject(expected);
    expect(failure.message).toMatch(/\(its own words\)$/);
  });

  it("of another content type", async () => {
    const failure = await failing((sdk) => {
      sdk.respond(200, { "content-type": "text/html" });
      sdk.stream.end("<html>");
    });
    expect(failure.message).toMatch(/RT0012.*text\/html.*\(<html>\)/);
  });

  it("reads no more of a refusal than it shows", async () => {
    const failure = await failing((sdk) => {
      sdk.respond(500);
      sdk.stream.write("x".repeat(100_000));
    });
    expect(failure.message.length).toBeLessThan(driverLimits.refusalChars + 200);
  });

  it("from nobody: nothing has run", async () => {
    const env = systemEnv();
    const origin = new URL("http://127.0.0.1:1");
    const transport = new Http2Transport({ origin, guard: anyAddress, env });
    closing.push(transport);
    const listener = new Listener();
    const hooks = { listener, left: () => undefined };
    const request = { method: "POST", path: "/invoke/S/h", headers: {} } as const;
    new Attempt({ transport, env }, request, terms, hooks).begin([start, input]);
    await eventually(() => expect(listener.failures).toHaveLength(1));
    expect(listener.failures[0]).toMatchObject({ code: "RT0010", isUntouched: true });
  });
});

it("passes an error of the SDK on as a message", async () => {
  const { listener, left } = await attempted(async (sdk) => {
    sdk.respond();
    await sdk.begun();
    sdk.finish(error(500, "boom"));
  });
  await left;
  expect(listener.messages).toEqual([error(500, "boom")]);
});
