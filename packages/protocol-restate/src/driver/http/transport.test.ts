import { constants } from "node:http2";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { PerdureError } from "@perdure/kernel";
import { systemEnv, type Env } from "@perdure/engine";
import { eventually } from "../eventually.test-support.ts";
import { driverLimits } from "../limits.ts";
import {
  anyAddress,
  finish,
  Heard,
  http1Endpoint,
  http2Endpoint,
  type TestEndpoint,
} from "./endpoints.test-support.ts";
import type { ExchangeRequest, Transport } from "./exchange.ts";
import { transportTo } from "./transport.ts";

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

function opened<C extends { close(): void }>(one: C): C {
  closing.push(one);
  return one;
}

function transport(endpoint: { readonly url: URL }, useHttp11 = false, env: Env = systemEnv()) {
  return opened(transportTo({ origin: endpoint.url, guard: anyAddress, env }, useHttp11));
}

const post: ExchangeRequest = { method: "POST", path: "/a", headers: { "x-one": "1" } };

function ask(to: Transport, text = ""): Heard {
  const heard = new Heard();
  finish(to.open(post, heard), text);
  return heard;
}

/** Answers with what it was sent. */
async function echo2(options = {}): Promise<TestEndpoint> {
  return opened(
    await http2Endpoint((stream, headers) => {
      stream.respond({ ":status": 200, "x-path": headers[":path"] });
      stream.pipe(stream);
    }, options),
  );
}

describe.each([
  ["HTTP/2", false, echo2],
  [
    "HTTP/1.1",
    true,
    async () =>
      opened(
        await http1Endpoint((request, response) => {
          response.writeHead(200);
          request.pipe(response);
        }),
      ),
  ],
] as const)("an exchange over %s", (_, useHttp11, endpoint) => {
  it("carries a head, what is written and what is answered, both at once", async () => {
    const to = transport(await endpoint(), useHttp11);
    const heard = new Heard();
    const exchange = to.open(post, heard);
    exchange.write(Buffer.from("one "));
    await eventually(() => expect(heard.text).toBe("one "));
    expect(heard.status).toBe(200);
    finish(exchange, "two");
    expect(await heard.done).toBeUndefined();
    expect(heard.text).toBe("one two");
  });

  it("says nothing more after it was given up", async () => {
    const to = transport(await endpoint(), useHttp11);
    const heard = new Heard();
    const exchange = to.open(post, heard);
    exchange.write(Buffer.from("one"));
    await eventually(() => expect(heard.text).toBe("one"));
    exchange.reset();
    const next = ask(to, "two");
    expect(await next.done).toBeUndefined();
    expect(heard.text).toBe("one");
  });

  it("fails with `connect` where nobody listens", async () => {
    const gone = await endpoint();
    gone.close();
    const heard = ask(transport(gone, useHttp11), "one");
    expect(await heard.done).toMatchObject({ kind: "connect" });
    expect(heard.status).toBeUndefined();
  });

  it("fails with `forbidden` where the guard forbids it, and dials nothing", async () => {
    const target = await endpoint();
    const guard = {
      addresses: async () => {
        throw new PerdureError("forbidden", "The URL is refused.");
      },
    };
    const to = opened(transportTo({ origin: target.url, guard, env: systemEnv() }, useHttp11));
    expect(await ask(to).done).toMatchObject({ kind: "forbidden", message: "The URL is refused." });
  });

  it("dials the addresses that the guard names, and them only", async () => {
    const target = await endpoint();
    const named = new URL(`http://app.example:${target.url.port}`);
    const guard = { addresses: async () => ["127.0.0.1"] };
    const to = opened(transportTo({ origin: named, guard, env: systemEnv() }, useHttp11));
    const heard = ask(to, "here");
    expect(await heard.done).toBeUndefined();
    expect(heard.text).toBe("here");
  });

  it("stops reading while it is paused", async () => {
    const to = transport(await endpoint(), useHttp11);
    const heard = new Heard();
    const exchange = to.open(post, heard);
    exchange.pause();
    exchange.write(Buffer.alloc(1_000, "x"));
    const other = ask(to, "other");
    await other.done;
    expect(heard.chunks).toEqual([]);
    exchange.resume();
    exchange.end();
    expect(await heard.done).toBeUndefined();
    expect(heard.text).toHaveLength(1_000);
  });

  it("fails what is open when it is closed, and opens nothing more", async () => {
    const to = transport(await endpoint(), useHttp11);
    const heard = new Heard();
    to.open(post, heard).write(Buffer.from("one"));
    await eventually(() => expect(heard.text).toBe("one"));
    to.close();
    expect(await heard.done).toMatchObject({ message: "the driver is closing" });
    expect(await ask(to).done).toMatchObject({ kind: "connect" });
  });
});

describe("an HTTP/2 pool", () => {
  it("opens another connection when one is full, and uses it again", async () => {
    const endpoint = await echo2();
    const to = transport(endpoint);
    const count = driverLimits.streamsPerSession;
    const open = Array.from({ length: count + 1 }, () => {
      const heard = new Heard();
      const exchange = to.open(post, heard);
      exchange.write(Buffer.from("."));
      return { heard, exchange };
    });
    await eventually(() => expect(open.every(({ heard }) => heard.text === ".")).toBe(true));
    expect(endpoint.sessions.size).toBe(2);
    for (const { exchange } of open) exchange.end();
    await Promise.all(open.map(({ heard }) => heard.done));
    await ask(to).done;
    expect(endpoint.sessions.size).toBe(2);
  });

  it("needs one connection for exactly as many streams as fit", async () => {
    const endpoint = await echo2();
    const to = transport(endpoint);
    const open = Array.from({ length: driverLimits.streamsPerSession }, () => {
      const heard = new Heard();
      const exchange = to.open(post, heard);
      exchange.write(Buffer.from("."));
      return { heard, exchange };
    });
    await eventually(() => expect(open.every(({ heard }) => heard.text === ".")).toBe(true));
    expect(endpoint.sessions.size).toBe(1);
  });

  it("keeps to the peer's own limit of streams", async () => {
    const endpoint = await echo2({ settings: { maxConcurrentStreams: 2 } });
    const to = transport(endpoint);
    const all = Array.from({ length: 5 }, () => {
      const heard = new Heard();
      const exchange = to.open(post, heard);
      exchange.write(Buffer.from("."));
      return { heard, exchange };
    });
    await eventually(() => expect(all.every(({ heard }) => heard.text === ".")).toBe(true));
    expect(endpoint.sessions.size).toBe(3);
  });

  it("opens as many connections as its limit, and one exchange more waits for its turn", async () => {
    const endpoint = await echo2({ settings: { maxConcurrentStreams: 1 } });
    const to = transport(endpoint);
    const count = driverLimits.sessionsPerEndpoint;
    const all = Array.from({ length: count + 1 }, () => {
      const heard = new Heard();
      const exchange = to.open(post, heard);
      exchange.write(Buffer.from("."));
      return { heard, exchange };
    });
    const served = () => all.filter(({ heard }) => heard.text === ".");
    await eventually(() => expect(served()).toHaveLength(count));
    expect(endpoint.sessions.size).toBe(count);
    served()[0]!.exchange.end();
    await eventually(() => expect(served()).toHaveLength(count + 1));
    expect(endpoint.sessions.size).toBe(count);
  });

  it("lets as many exchanges wait for a connection as its limit, and refuses one more", async () => {
    const guard = { addresses: () => new Promise<never>(() => undefined) };
    const origin = new URL("http://127.0.0.1:1");
    const to = opened(transportTo({ origin, guard, env: systemEnv() }, false));
    const last = new Heard();
    for (let n = 1; n < driverLimits.waitingExchanges; n++) to.open(post, new Heard());
    to.open(post, last);
    const refused = new Heard();
    to.open(post, refused);
    expect((await refused.done)?.message).toMatch(/too much waits/);
    to.close();
    expect((await last.done)?.message).toMatch(/closing/);
  });

  it("asks once more on what the peer refused untouched (H2)", async () => {
    let asked = 0;
    const endpoint = opened(
      await http2Endpoint((stream) => {
        asked += 1;
        if (asked < 2 || asked > 3) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
        stream.respond({ ":status": 200 });
        stream.pipe(stream);
      }),
    );
    const to = transport(endpoint);
    const heard = ask(to, "again");
    expect(await heard.done).toBeUndefined();
    expect(heard.text).toBe("again");
    asked = 3;
    expect(await ask(to).done).toMatchObject({ kind: "connect" });
    expect(asked).toBe(5);
  });

  it("takes a new connection after the peer has said that it goes away", async () => {
    const endpoint = await echo2();
    const to = transport(endpoint);
    const heard = new Heard();
    const exchange = to.open(post, heard);
    exchange.write(Buffer.from("a"));
    await eventually(() => expect(heard.text).toBe("a"));
    const [first] = endpoint.sessions;
    first!.goaway(constants.NGHTTP2_NO_ERROR);
    await eventually(async () => {
      await ask(to).done;
      expect(endpoint.sessions.size).toBe(2);
    });
    finish(exchange, "b");
    expect(await heard.done).toBeUndefined();
    expect(heard.text).toBe("ab");
  });

  it("fails with `broken` when the connection is cut in the middle", async () => {
    const endpoint = await echo2();
    const heard = new Heard();
    transport(endpoint).open(post, heard).write(Buffer.from("a"));
    await eventually(() => expect(heard.text).toBe("a"));
    for (const session of endpoint.sessions) session.destroy();
    expect(await heard.done).toMatchObject({ kind: "broken" });
  });

  it("gives a dead connection up that answers no ping, and lets an idle one go", async () => {
    const { env, run } = stepping();
    const endpoint = await echo2();
    const proxy = await stallingProxy(endpoint);
    const to = transport(proxy, false, env);
    await ask(to).done;
    run(driverLimits.idleSessionMs + driverLimits.pingAnswerMs);
    await eventually(() => expect(endpoint.sessions.size).toBe(0));
    const heard = new Heard();
    to.open(post, heard).write(Buffer.from("a"));
    await eventually(() => expect(heard.text).toBe("a"));
    proxy.stall();
    run(driverLimits.pingAfterMs + 2 * driverLimits.pingAnswerMs);
    expect(await heard.done).toMatchObject({ kind: "broken" });
  });

  it("fails where the far side is no HTTP/2 server", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    });
    opened({ close: () => server.close() });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await ask(transport({ url })).done).toMatchObject({ kind: "protocol" });
  });
});

/** Passes bytes on until it is told to keep them. */
async function stallingProxy({ url }: { readonly url: URL }) {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(url.port), url.hostname);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.pipe(far);
    far.pipe(near);
    sockets.push(near, far);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const stall = (): void => {
    for (const socket of sockets) socket.unpipe();
  };
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), stall };
}

/** A clock that stands until it is told to go on. */
function stepping(): { readonly env: Env; readonly run: (ms: number) => void } {
  const real = systemEnv();
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  const env: Env = {
    ...real,
    monotonic: () => now,
    after: (ms, call) => {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const run = (ms: number): void => {
    const end = now + ms;
    for (;;) {
      const next = [...timers].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      timers.delete(next);
      now = next.at;
      next.call();
    }
    now = end;
  };
  return { env, run };
}
