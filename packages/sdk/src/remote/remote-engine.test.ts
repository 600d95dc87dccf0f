/** What a client does when the server, or the way to it, is not well. */
import { systemEnv } from "@perdure/engine";
import { PerdureError, type Outcome, type RunEvent, type RunId } from "@perdure/kernel";
import { afterEach, describe, expect, test } from "vitest";
import { encodePayload } from "../payload.ts";
import { remoteLimits } from "./limits.ts";
import type { Caller } from "./caller.ts";
import { Outcomes, pollMsFor } from "./outcomes.ts";
import { RemoteEngine } from "./remote-engine.ts";
import { cut, json, refuse, ScriptedServer, type Script } from "./scripted-server.test-support.ts";

const runId = "01910000-0000-8000-8000-000000000001" as RunId;
const namespace = "default";
const input = encodePayload("x", "the input");
const request = { namespace, workflow: "greet", queue: "default", input };
const started = { runId, existing: false };

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function connected(
  script: Script,
  options: Parameters<ScriptedServer["remote"]>[0] = {},
): Promise<{ server: ScriptedServer; remote: RemoteEngine }> {
  const server = await ScriptedServer.open(script);
  opened.push(server);
  const remote = await server.remote(options);
  opened.push(remote);
  return { server, remote };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setTimeout(resolve, 5));
}

describe("a call that had no answer", () => {
  test("is repeated when it only reads", async () => {
    const { remote } = await connected((_, response, nth) => {
      if (nth === 1) cut(response);
      else if (nth === 2) refuse(response, 503, "unavailable");
      else if (nth === 3) response.writeHead(502).end("<html>bad gateway</html>");
      else json(response, { count: 7 });
    });
    expect(await remote.count({ namespace })).toBe(7);
  });

  test("is repeated when it has an id, which is drawn for it where nobody gave one", async () => {
    const { remote, server } = await connected(({ path }, response, nth) => {
      if (nth === 1) cut(response);
      else if (path === "/v1/runs") json(response, started, 201);
      else response.writeHead(204).end();
    });
    expect(await remote.start(request)).toEqual(started);
    await remote.signal({ runId }, { name: "go" });
    await remote.publish(namespace, "paid", { payload: input });
    const bodies = server.asked.map(({ body }) => body);
    expect(bodies).toHaveLength(6);
    for (const at of [0, 2, 4]) {
      expect(bodies[at]).toEqual(bodies[at + 1]);
      expect(String(bodies[at]!["requestId"] ?? bodies[at]!["id"])).toMatch(
        /^[0-9a-f]{32}$|^run:[0-9a-f-]{36}$/,
      );
    }
  });

  test("is not repeated where a second time would be a second effect, and the error says so", async () => {
    const { remote, server } = await connected((_, response) => cut(response));
    const error = remote.triggerSchedule(namespace, "daily");
    await expect(error).rejects.toMatchObject({
      code: "closed",
      retry: "never",
      message: expect.stringMatching(/^Nobody knows whether schedules\.trigger took effect/),
      detail: { effect: "unknown" },
    });
    expect(server.asked).toHaveLength(1);
  });

  test("is repeated all the same when the server says that it was not done", async () => {
    const { remote, server } = await connected((_, response, nth) => {
      if (nth === 1) refuse(response, 429, "overloaded");
      else response.writeHead(204).end();
    });
    await remote.triggerSchedule(namespace, "daily");
    expect(server.asked).toHaveLength(2);
  });

  test("waits as long as the server asks", async () => {
    const { remote } = await connected((_, response, nth) => {
      if (nth === 1) refuse(response, 429, "overloaded", { "retry-after": "1" });
      else json(response, { count: 1 });
    });
    const from = performance.now();
    await remote.count({ namespace });
    expect(performance.now() - from).toBeGreaterThan(990);
  });

  test("ends at its deadline with the last refusal, or says that nobody is there", async () => {
    const options = { deadlineMs: 1_000 };
    const { remote, server } = await connected((_, response) => {
      refuse(response, 503, "unavailable");
    }, options);
    await expect(remote.count({ namespace })).rejects.toThrow("refused: unavailable");
    await server.close();
    await expect(remote.count({ namespace })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/cannot be reached .*check that it runs/),
    });
  });

  test("whose id was drawn here does not pretend to be repeatable by its caller", async () => {
    const { remote } = await connected((_, response) => cut(response), { deadlineMs: 300 });
    await expect(remote.start(request)).rejects.toMatchObject({ detail: { effect: "unknown" } });
    const own = remote.start({ ...request, requestId: "mine" });
    await expect(own).rejects.toMatchObject({ code: "unavailable", retry: "later" });
  });

  test("ends when the connection is closed here", async () => {
    const { remote, server } = await connected(() => undefined);
    const waits = Promise.allSettled([remote.outcome(runId), remote.count({ namespace })]);
    await until(() => server.asked.length === 2);
    await remote.close();
    const ended = { status: "rejected", reason: { code: "closed" } };
    expect(await waits).toMatchObject([ended, ended]);
    await expect(remote.count({ namespace })).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a refusal of the engine", () => {
  test("is told at once when it is about the run", async () => {
    const { remote, server } = await connected((_, response) => {
      refuse(response, 503, "unavailable");
    });
    const query = remote.query({ runId }, "seen", input);
    await expect(query).rejects.toMatchObject({ code: "unavailable" });
    expect(server.asked).toHaveLength(1);
  });

  test("for a namespace that is not the credential's needs no server", async () => {
    const { remote, server } = await connected(() => undefined);
    const key = { namespace: "other", kind: "workflow", id: "x" };
    const calls = [
      remote.start({ ...request, namespace: "other" }),
      remote.lookup(key),
      remote.list({ namespace: "other", limit: 1 }),
      remote.publish("other", "paid", { payload: input }),
      remote.describeSchedule("other", "daily"),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "forbidden" });
    expect(server.asked).toEqual([]);
  });
});

describe("the end of a run", () => {
  const outcome: Outcome = { status: "completed", output: input };
  const outcomeJson = { status: "completed", output: { encoding: "json", text: '"x"' } };

  test("is waited for through a server that is stopped and started", async () => {
    const { remote, server } = await connected(() => undefined, { deadlineMs: 100 });
    const end = remote.outcome(runId);
    await until(() => server.asked.length === 1);
    const { port } = server;
    await server.close();
    await new Promise((resolve) => void setTimeout(resolve, 300));
    server.script = (_, response, nth) => {
      json(response, nth === 2 ? {} : { outcome: outcomeJson });
    };
    await server.listen(port);
    expect(await end).toEqual(outcome);
    expect(server.asked).toHaveLength(3);
  });

  test("of a run that does not exist is an error", async () => {
    const { remote } = await connected((_, response) => refuse(response, 404, "not-found"));
    await expect(remote.outcome(runId)).rejects.toMatchObject({ code: "not-found" });
  });

  test("of a start that waits for its turn is found through its key, once the server forgot it", async () => {
    const { remote, server } = await connected(({ path, query }, response, nth) => {
      if (path === "/v1/runs") return json(response, started, 201);
      if (path === "/v1/keys/lookup") return json(response, { runId: query.get("id") });
      if (nth === 1) refuse(response, 404, "not-found");
      else json(response, { outcome: outcomeJson });
    });
    const key = { namespace, kind: "object:cart", id: runId };
    await remote.start({ ...request, key, mode: "exclusive" });
    expect(await remote.outcome(runId)).toEqual(outcome);
    expect(server.asked.map(({ path }) => path.split("/").at(-1))).toEqual([
      "runs",
      "outcome",
      "lookup",
      "outcome",
    ]);
  });

  test("keys of so many starts are remembered, and not of one more", async () => {
    const looked: unknown[] = [];
    const call = async (operation: string, { query }: { query: unknown }): Promise<object> => {
      if (operation === "keys.lookup") return { looked: looked.push(query) };
      throw new PerdureError("not-found", "There is no such run.");
    };
    const outcomes = new Outcomes({ call } as unknown as Caller);
    for (let n = 0; n <= remoteLimits.queuedStarts; n++) {
      outcomes.startedUnder({ kind: "k", id: String(n) }, `run ${n}` as RunId);
    }
    await outcomes.of("run 0" as RunId).catch(() => undefined);
    await outcomes.of("run 1" as RunId).catch(() => undefined);
    expect(looked).toEqual([{ kind: "k", id: "1" }]);
  });

  test("polls share the connections, at their number and one past it", () => {
    const { waitConnections, pollMs, pollRoundMs } = remoteLimits;
    expect(pollMsFor(1, waitConnections)).toBe(pollMs);
    expect(pollMsFor(waitConnections, waitConnections)).toBe(pollMs);
    expect(pollMsFor(waitConnections + 1, waitConnections)).toBeLessThan(pollRoundMs);
    expect(pollMsFor(waitConnections * 10, waitConnections)).toBe(pollRoundMs / 10);
  });
});

describe("a live run", () => {
  const event = (seq: number): RunEvent => ({
    kind: "signal.received",
    seq,
    at: 1,
    name: `n${seq}`,
  });
  const message = (...seqs: number[]): string => {
    const data = JSON.stringify({ events: seqs.map(event) });
    return `id: ${seqs.at(-1)}\nevent: events\ndata: ${data}\n\n`;
  };
  const view = {
    row: row(),
    spec: { ...request, runId, input: { encoding: "json", text: "1" } },
    seq: 4,
  };

  test("is watched without a gap or a repeat, whatever the stream does", async () => {
    const streams = [
      [message(5, 6)], // ends, and comes again with what was seen
      [message(6), message(7)],
      [message(9)], // leaves 8 out
      ["retry: 1\n:\n", message(8, 9), "event: closed\ndata: {}\n\n"],
    ];
    const { remote, server } = await connected(({ path }, response, nth) => {
      if (!path.endsWith("/events")) return json(response, view);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(streams[nth - 1]?.join(""));
    });
    const seen: number[] = [];
    remote.watch(runId, (events) => seen.push(...events.map(({ seq }) => seq)));
    await until(() => seen.length === 5);
    expect(seen).toEqual([5, 6, 7, 8, 9]);
    const asked = server.asked.filter(({ path }) => path.endsWith("/events"));
    expect(asked.map(({ query }) => query.get("from"))).toEqual(["4", "6", "7", "7"]);
  });

  test("is seen from before whatever this client asks for next", async () => {
    const order: string[] = [];
    const { remote } = await connected(({ path, method }, response) => {
      order.push(method);
      if (path.endsWith("/events"))
        response.writeHead(200, { "content-type": "text/event-stream" });
      else if (method === "GET") setTimeout(() => json(response, view), 30);
      else response.writeHead(204).end();
    });
    remote.watch(runId, () => undefined);
    await remote.signal({ runId }, { name: "go" });
    expect(order.indexOf("GET")).toBeLessThan(order.indexOf("POST"));
  });

  test("that does not exist, or is not told properly, is given up with a word in the log", async () => {
    const lines: string[] = [];
    const log = (_: string, text: string): number => lines.push(text);
    const { remote, server } = await connected(
      (_, response) => refuse(response, 404, "not-found"),
      {
        env: systemEnv({ log }),
      },
    );
    remote.watch(runId, () => undefined);
    await until(() => lines.length === 1);
    server.script = ({ path }, response) => {
      if (!path.endsWith("/events")) return json(response, view);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: events\ndata: {"events":[{"seq":"5"}]}\n\n');
    };
    remote.watch(runId, () => undefined);
    await until(() => lines.length === 2);
    expect(lines).toEqual(Array(2).fill("a run cannot be watched any more"));
  });

  test("is one of so many at a time, and not one more", async () => {
    const { remote } = await connected(() => undefined);
    for (let i = 0; i < remoteLimits.watches; i++) remote.watch(runId, () => undefined);
    expect(() => remote.watch(runId, () => undefined)).toThrow(/stop one first/);
  });
});

function row(): object {
  return {
    runId,
    namespace,
    workflow: "greet",
    queue: "q",
    status: "open",
    startedAt: 1,
    attributes: {},
    events: 4,
  };
}

describe("whatever answers", () => {
  const wrong: readonly (readonly [string, Script, RegExp])[] = [
    ["a web page", (_, response) => response.writeHead(200).end("<html>hello</html>"), /not JSON/],
    ["another API", (_, response) => json(response, { ok: true }), /\.count is not a number/],
    ["a number for an answer", (_, response) => json(response, 7), /is not an object/],
    ["nothing", (_, response) => response.writeHead(204).end(), /is not an object/],
    ["another 404", (_, response) => response.writeHead(404).end("no"), /status 404: "no"/],
    ["half an answer", (_, response) => response.writeHead(200).end('{"count":'), /not JSON/],
    [
      "a deep answer",
      (_, response) => response.writeHead(200).end("[".repeat(100_000)),
      /nested more than/,
    ],
    [
      "a redirect",
      (_, response) => response.writeHead(302, { location: "http://evil.example/" }).end(),
      /redirects to http:\/\/evil/,
    ],
    [
      "a prototype",
      (_, response) => json(response, JSON.parse('{"__proto__":{"count":1}}')),
      /count is not a number/,
    ],
  ];

  test.each(wrong)("%s is a clear error", async (_, script, why) => {
    const { remote, server } = await connected(script, { apiKey: "pdk_a_b" });
    await expect(remote.count({ namespace })).rejects.toMatchObject({
      name: "PerdureError",
      code: "internal",
      message: expect.stringMatching(why),
    });
    expect(server.asked).toHaveLength(1);
  });

  test("may have as many bytes as the limit, and is not read past it", async () => {
    const text = '{"count":1}';
    const { remote, server } = await connected((_, response) => {
      response.writeHead(200).end(text.padEnd(remoteLimits.answerBytes));
    });
    expect(await remote.count({ namespace })).toBe(1);
    server.script = (_, response) => {
      response.writeHead(200).end(text.padEnd(remoteLimits.answerBytes + 1));
    };
    await expect(remote.count({ namespace })).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  test("an outcome, a journal and a start are looked at before they are believed", async () => {
    const answers: Readonly<Record<string, unknown>> = {
      [`/v1/runs/${runId}/outcome`]: { outcome: { status: "failed", failure: { code: 7 } } },
      [`/v1/runs/${runId}/journal`]: { events: [{ seq: 2, at: 1, kind: "x" }] },
      "/v1/runs": { runId: "../../x", existing: false },
    };
    const { remote } = await connected(({ path }, response) => json(response, answers[path]));
    const internal = { code: "internal" };
    await expect(remote.outcome(runId)).rejects.toMatchObject(internal);
    await expect(remote.journal(runId)).rejects.toMatchObject(internal);
    await expect(remote.start(request)).rejects.toMatchObject(internal);
  });

  test("is asked with the key, under the path that the URL has", async () => {
    const { server } = await connected(() => undefined);
    const url = `${server.url}/perdure/`;
    server.script = ({ path, headers }, response) => {
      if (path === "/perdure/v1/whoami") json(response, { namespace: "tenant" });
      else json(response, { count: headers.authorization === "Bearer pdk_a_b" ? 2 : 0 });
    };
    const remote = await server.remote({ url, apiKey: "pdk_a_b" });
    opened.push(remote);
    expect(remote.namespace).toBe("tenant");
    expect(await remote.count({ namespace: "tenant" })).toBe(2);
    expect(server.asked.at(-1)?.path).toBe("/perdure/v1/runs/count");
  });
});

describe("an address that cannot be right", () => {
  const env = systemEnv({ log: () => undefined });
  test.each([
    ["localhost:7373", /is not http/],
    ["ftp://localhost", /is not http/],
    ["http://", /is no URL/],
    ["http://localhost/?x=1", /has a query/],
    ["http://me:secret@localhost", /^The URL holds a password: give `apiKey`/],
  ])("%s is refused", async (url, why) => {
    await expect(RemoteEngine.open({ url, env })).rejects.toThrow(why);
  });

  test.each(["", "a b", "ä", "a\nb", "x".repeat(remoteLimits.apiKeyChars + 1)])(
    "and so is the key %j",
    async (apiKey) => {
      const open = RemoteEngine.open({ url: "http://localhost", apiKey, env });
      await expect(open).rejects.toMatchObject({ code: "invalid-argument" });
    },
  );

  test("nobody there is told within the deadline", async () => {
    const gone = await ScriptedServer.open(() => undefined);
    const { url } = gone;
    await gone.close();
    const open = RemoteEngine.open({ url, env, deadlineMs: 200 });
    await expect(open).rejects.toMatchObject({ code: "unavailable" });
  });
});
