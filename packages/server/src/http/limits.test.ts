import { connect, type Socket } from "node:net";
import { limits as kernelLimits } from "@perdure/kernel";
import { wireLimits } from "@perdure/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";
import { Rates } from "./rates.ts";
import { Stays } from "./stays.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.open({
    limits: {
      headersTimeoutMs: 200,
      requestTimeoutMs: 400,
      idleConnectionMs: 200,
      liveStreams: 2,
      headerBytes: 8_192,
      headerFields: 20,
      urlChars: 1_000,
      sockets: 1,
    },
  });
});

afterAll(() => rig[Symbol.asyncDispose]());

function open(): Promise<Socket> {
  const { port, hostname } = new URL(rig.server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.on("error", reject);
  });
}

function textUntilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

async function raw(request: string): Promise<string> {
  const socket = await open();
  socket.write(request);
  return textUntilClosed(socket);
}

const bearer = (): string => `Host: 127.0.0.1\r\nAuthorization: Bearer ${rig.admin}\r\n`;

function whoami(url: string, fields = ""): Promise<string> {
  return raw(`GET ${url} HTTP/1.1\r\n${bearer()}${fields}Connection: close\r\n\r\n`);
}

describe("limits, at their value and one past it", () => {
  test("header fields", async () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, n) => `x-${n}: 1\r\n`).join("");
    // Host, authorization and connection are three of the twenty.
    expect(await whoami("/v1/whoami", fields(17))).toMatch(/^HTTP\/1.1 200 /);
    expect(await whoami("/v1/whoami", fields(18))).toMatch(/^HTTP\/1.1 413 /);
  });

  test("bytes of the header", async () => {
    expect(await whoami("/v1/whoami", `x: ${"a".repeat(7_000)}\r\n`)).toMatch(/^HTTP\/1.1 200 /);
    expect(await whoami("/v1/whoami", `x: ${"a".repeat(9_000)}\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });

  test("characters of the URL", async () => {
    const url = (chars: number) => `/v1/runs?key=${"a".repeat(chars - "/v1/runs?key=".length)}`;
    expect(await whoami(url(500))).toMatch(/^HTTP\/1.1 200 /);
    expect(await whoami(url(1_000))).toContain("key");
    expect(await whoami(url(1_001))).toContain("The URL has 1001 characters");
  });

  test("bytes of a body, announced or not", async () => {
    const fill = (bytes: number): string => {
      const frame = '{"workflow":"echo","queue":"main","input":{"value":1}}';
      return frame + " ".repeat(bytes - frame.length);
    };
    // A server with time: bodies so long take more than the other's on a machine that is busy.
    await using patient = await Rig.open();
    const fits = await patient.call("runs.start", { body: fill(wireLimits.jsonBytes) });
    expect(fits.status).toBe(201);
    const over = await patient.call("runs.start", { body: fill(wireLimits.jsonBytes + 1) });
    expect([over.status, over.body.error.code]).toEqual([413, "limit-exceeded"]);
    const unannounced = await fetch(patient.url("runs.start"), {
      method: "POST",
      headers: { authorization: `Bearer ${patient.admin}`, "content-type": "application/json" },
      body: new Blob([fill(wireLimits.jsonBytes + 1)]).stream(),
      duplex: "half",
    });
    expect(unannounced.status).toBe(413);
  });

  test("depth of a body", async () => {
    const nested = (depth: number) =>
      `{"workflow":"echo","queue":"main","input":{"value":${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}}}`;
    expect((await rig.call("runs.start", { body: nested(wireLimits.jsonDepth) })).status).toBe(201);
    const over = await rig.call("runs.start", { body: nested(wireLimits.jsonDepth + 1) });
    expect(over.body.error.code).toBe("limit-exceeded");
  });

  test("characters of ids and names", async () => {
    const start = (id: string) =>
      rig.call("runs.start", {
        body: { workflow: "wait", queue: "main", input: { value: 1 }, key: { kind: "k", id } },
      });
    expect((await start("a".repeat(kernelLimits.idChars))).status).toBe(201);
    expect((await start("a".repeat(kernelLimits.idChars + 1))).status).toBe(400);
  });

  test("live streams of one credential; another one has its own", async () => {
    const runId = await rig.start("wait");
    const key = await rig.key("viewer");
    const stop = new AbortController();
    const watch = { params: { runId }, key, signal: stop.signal };
    const streams = [await rig.fetch("runs.watch", watch), await rig.fetch("runs.watch", watch)];
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    const third = await rig.call("runs.watch", watch);
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await rig.fetch("runs.watch", { ...watch, key: rig.admin })).status).toBe(200);
    stop.abort();
    await expect
      .poll(async () => {
        const again = new AbortController();
        const { status } = await rig.fetch("runs.watch", { ...watch, signal: again.signal });
        again.abort();
        return status;
      })
      .toBe(200);
  });

  test("requests a second: the burst, one past it, and one more when time has passed", () => {
    let now = 0;
    const rates = new Rates({ perSecond: 10, burst: 3 }, 2, () => now);
    for (let n = 0; n < 3; n++) rates.take("a");
    expect(() => rates.take("a")).toThrow("the next one is fine in 100 ms");
    rates.take("b");
    now = 99;
    expect(() => rates.take("a")).toThrow("in 1 ms");
    now = 100;
    rates.take("a");
    expect(() => rates.take("a")).toThrow("Too many requests");
  });

  test("a rate is answered with 429 and when to come back", async () => {
    await using strict = await Rig.open({ limits: { requestsPerSecond: 1, requestBurst: 2 } });
    const key = await strict.key("viewer");
    const statuses = [];
    for (let n = 0; n < 3; n++) {
      const { status } = await strict.call("server.whoami", { key });
      statuses.push(status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    expect((await strict.call("server.whoami")).status).toBe(200);
  });

  test("places are given back once", () => {
    const stays = new Stays(1, "things");
    const leave = stays.take("a");
    expect(() => stays.take("a")).toThrow("the limit");
    leave();
    leave();
    stays.take("a");
    expect(() => stays.take("a")).toThrow("the limit");
  });
});

describe("slow-loris: a connection that dawdles is closed, and others are served meanwhile", () => {
  const served = async (): Promise<number> => (await rig.call("server.whoami")).status;

  test.each([
    ["nothing at all", ""],
    ["half a request line", "GET /v1/who"],
    ["a header without end", "GET /v1/whoami HTTP/1.1\r\nHost: 127.0.0.1\r\nx: "],
    [
      "a body without end",
      "POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n" +
        'content-length: 100\r\n\r\n{"wor',
    ],
  ])("%s", async (_, begin) => {
    const socket = await open();
    const closed = textUntilClosed(socket);
    socket.write(begin);
    const drip = setInterval(() => socket.write("a"), 50);
    if (begin === "") clearInterval(drip);
    expect(await served()).toBe(200);
    await closed;
    clearInterval(drip);
    expect(await served()).toBe(200);
  });

  test("an idle connection is closed after its time", async () => {
    const socket = await open();
    socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    expect(await textUntilClosed(socket)).toContain('{"status":"up"}');
  });
});

test("connections past the limit are closed at once, and the others are served", async () => {
  await using small = await Rig.open({ limits: { connections: 2 } });
  const { port, hostname } = new URL(small.server.url);
  const sockets = [1, 2].map(() => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => new Promise((go) => socket.once("connect", go))));
  const third = connect(Number(port), hostname);
  await textUntilClosed(third);
  sockets[0]!.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  expect(await textUntilClosed(sockets[0]!)).toContain("up");
  sockets[1]!.destroy();
});
