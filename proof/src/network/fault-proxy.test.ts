import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FaultProxy, type Passing, type Verdict } from "./fault-proxy.ts";
import { splitter, type Framing } from "./framing.ts";

/** Messages are lines. */
const lines: Framing = () => {
  const line = splitter((bytes) => (bytes.includes("\n") ? bytes.indexOf("\n") + 1 : undefined));
  return { request: line, response: splitter((bytes) => bytes.indexOf("\n") + 1 || undefined) };
};

/** Answers every line with its echo, and remembers what it was told. */
class Echo {
  heard = "";
  /** Connections that ended, however. */
  ended = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.setEncoding("utf8");
      socket.on("error", () => {});
      socket.on("close", () => (this.ended += 1));
      socket.on("data", (text: string) => {
        this.heard += text;
        socket.write(text);
      });
    });
  }

  async open(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

class Caller {
  heard = "";
  isOver = false;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1" });
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (text: string) => (this.heard += text));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => (this.isOver = true));
  }

  say(...said: readonly string[]): void {
    this.#socket.write(said.map((text) => `${text}\n`).join(""));
  }

  leave(): void {
    this.#socket.destroy();
  }
}

let echo = new Echo();
let other = new Echo();
let proxy: FaultProxy;
let caller: Caller;
beforeEach(async () => {
  [echo, other] = [new Echo(), new Echo()];
  proxy = await FaultProxy.listen({ target: await echo.open(), framing: lines });
  caller = new Caller(proxy.port);
});
afterEach(async () => {
  caller.leave();
  await proxy.close();
  echo.close();
  other.close();
});

/** One verdict for the n-th message of a direction; all others pass. */
function at(direction: Passing["direction"], n: number, verdict: Verdict): void {
  let seen = 0;
  proxy.judge = (passing) => (passing.direction === direction && ++seen === n ? verdict : "pass");
}

const isSo = expect.poll;

describe("a fault proxy", () => {
  test("delivers what was sent, both ways, and the end", async () => {
    caller.say("one", "two");
    await isSo(() => caller.heard).toBe("one\ntwo\n");
    caller.leave();
    await isSo(() => echo.ended).toBe(1);
    await isSo(() => proxy.connections).toBe(0);
  });

  test("cuts before a request: it never arrives", async () => {
    at("request", 2, "cutBefore");
    caller.say("one", "two", "three");
    await isSo(() => caller.isOver && echo.ended === 1).toBe(true);
    expect("one\n").toContain(echo.heard);
  });

  test("cuts within a request: half of it arrives", async () => {
    at("request", 2, "cutWithin");
    caller.say("one", "twotwo", "three");
    await isSo(() => caller.isOver && echo.ended === 1).toBe(true);
    expect(echo.heard).toBe("one\ntwo");
  });

  test("cuts after a request: it has arrived, and nobody hears the answer", async () => {
    at("request", 2, "cutAfter");
    caller.say("one", "two", "three");
    await isSo(() => caller.isOver && echo.ended === 1).toBe(true);
    expect(echo.heard).toBe("one\ntwo\n");
    expect(caller.heard).not.toContain("two");
  });

  test("cuts an answer: all was done, and the caller has it up to there", async () => {
    at("response", 1, "cutWithin");
    caller.say("answer", "two");
    await isSo(() => caller.isOver && echo.ended === 1).toBe(true);
    expect(caller.heard).toBe("ans");
    expect(echo.heard).toBe("answer\ntwo\n");
  });

  test("strands a request: the caller is gone when it arrives", async () => {
    at("request", 2, "strand");
    caller.say("one", "two", "three");
    await isSo(() => caller.isOver).toBe(true);
    expect(echo.heard).toBe("one\n");
    await proxy.deliverStranded();
    expect(echo.heard).toBe("one\ntwo\nthree\n");
    await isSo(() => echo.ended).toBe(1);
    expect(proxy.connections).toBe(0);
  });

  test("holds one direction back, and loses nothing of it", async () => {
    proxy.hold("response");
    caller.say("one", "two");
    await isSo(() => echo.heard).toBe("one\ntwo\n");
    await delay(20);
    expect(caller.heard).toBe("");
    proxy.release("response");
    await isSo(() => caller.heard).toBe("one\ntwo\n");
  });

  test("does not tell of an end through a direction that is held", async () => {
    caller.say("one");
    await isSo(() => caller.heard).toBe("one\n");
    proxy.hold("request");
    caller.leave();
    await delay(20);
    expect(echo.ended).toBe(0);
    proxy.heal();
    await isSo(() => echo.ended).toBe(1);
  });

  test("delays without changing the order", async () => {
    proxy.delaysMs.request = 5;
    const said = Array.from({ length: 10 }, (_, i) => `line ${i}`);
    caller.say(...said);
    await isSo(() => caller.heard).toBe(said.map((text) => `${text}\n`).join(""));
  });

  test("sends new connections to another target, or nowhere", async () => {
    caller.say("old");
    await isSo(() => caller.heard).toBe("old\n");
    proxy.target = await other.open();
    const next = new Caller(proxy.port);
    next.say("new");
    await isSo(() => next.heard).toBe("new\n");
    caller.say("old still");
    await isSo(() => caller.heard).toBe("old\nold still\n");
    expect([echo.heard, other.heard]).toEqual(["old\nold still\n", "new\n"]);
    next.leave();
    proxy.isClosedToNew = true;
    const refused = new Caller(proxy.port);
    await isSo(() => refused.isOver).toBe(true);
    expect(caller.isOver).toBe(false);
  });
});
