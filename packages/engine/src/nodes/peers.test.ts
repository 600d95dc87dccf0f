import { limits, PerdureError } from "@perdure/kernel";
import { expect, test } from "vitest";
import { FakeOwners, Loopback, nodeRecord } from "../testing/loopback.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { Channel, newHandlers, PeerLost, type PeerChannel } from "./peer-channel.ts";
import type { PeerMessage, PeerSocket } from "./peer-network.ts";
import type { Protocols } from "./peer-connection.ts";
import { Peers } from "./peers.ts";

const LEASE_MS = 2_000;
const flush = { verb: "flush", args: [] } as const;

class Node {
  readonly owners = new FakeOwners();
  readonly opened: PeerChannel[] = [];
  readonly closed: PeerChannel[] = [];
  readonly told: string[] = [];
  readonly peers: Peers;

  constructor(world: World, id: string, protocols: Protocols = { newest: 1, oldest: 1 }) {
    const { env, net } = world;
    const network = net.at(id);
    this.peers = new Peers({
      env,
      network,
      owners: this.owners,
      me: nodeRecord(id),
      leaseMs: LEASE_MS,
      protocols,
    });
    this.peers.onOpen((channel) => this.opened.push(channel));
    this.peers.onClose((channel) => this.closed.push(channel));
    this.peers.hear("receipt", ({ seq }) => this.told.push(String(seq)));
  }

  tell(node: string, seq: number): void {
    this.peers.to(node)?.tell("receipt", { from: 0, to: 1, seq });
  }
}

class World {
  readonly env = new VirtualEnv();
  readonly net = new Loopback(this.env);
  readonly nodes = new Map<string, Node>();

  /** Nodes that know each other. */
  static of(...ids: string[]): World {
    return new World().join(...ids);
  }

  /** Nodes of different builds. */
  static speaking(all: Readonly<Record<string, Protocols>>): World {
    const world = new World();
    for (const [id, protocols] of Object.entries(all)) {
      world.nodes.set(id, new Node(world, id, protocols));
    }
    return world.join(...Object.keys(all));
  }

  join(...ids: string[]): this {
    for (const id of ids) if (!this.nodes.has(id)) this.nodes.set(id, new Node(this, id));
    for (const [id, { owners, peers }] of this.nodes) {
      owners.become(ids.filter((other) => other !== id).map(nodeRecord));
      peers.start();
    }
    return this;
  }

  get(id: string): Node {
    return this.nodes.get(id)!;
  }
}

/** Awaited later than it may come. */
function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}

/** Somebody who is not a node. */
function stranger(world: World, from: string, to: string) {
  const got: PeerMessage[] = [];
  const heard = { closed: 0 };
  const end = { message: (m: PeerMessage) => got.push(m), closed: () => heard.closed++ };
  const socket: PeerSocket = world.net.connect(from, nodeRecord(to), end);
  return { got, heard, socket };
}

test("nodes that know each other have one channel each way, and what is told arrives in order", async () => {
  const world = World.of("a", "b", "c");
  await world.env.pass(20);
  expect(world.net.open).toBe(3);
  world.get("a").tell("b", 1);
  world.get("a").tell("b", 2);
  world.get("b").tell("a", 3);
  await world.env.pass(5);
  expect(world.get("b").told).toEqual(["1", "2"]);
  expect(world.get("a").told).toEqual(["3"]);
  expect([...world.get("a").peers.all()].map(({ node }) => node)).toEqual(["b", "c"]);
});

test("a node that is not yet known is refused, and let in when it is", async () => {
  const world = World.of("a", "b");
  world.get("b").owners.become([]);
  await world.env.pass(1_000);
  expect(world.get("a").opened).toEqual([]);
  world.get("b").owners.become([nodeRecord("a")]);
  await world.env.pass(2_500);
  world.get("a").tell("b", 1);
  await world.env.pass(5);
  expect(world.get("b").told).toEqual(["1"]);
});

test.each([
  ["greets another node", { type: "hello", protocol: 1, from: "b", to: "z" }],
  ["is not among the living", { type: "hello", protocol: 1, from: "z", to: "a" }],
  ["speaks another protocol", { type: "hello", protocol: 2, from: "b", to: "a" }],
  ["does not greet", { type: "tell", word: "receipt", body: { from: 0, to: 1, seq: 9 } }],
] as const)("whoever %s is refused, and nothing of it is heard", async (_, first) => {
  const world = World.of("a");
  world.get("a").owners.become([nodeRecord("b")]);
  const { socket, heard, got } = stranger(world, "b", "a");
  socket.send(first);
  socket.send({ type: "tell", word: "receipt", body: { from: 0, to: 1, seq: 9 } });
  await world.env.pass(10);
  expect(heard.closed).toBe(1);
  expect(got).toEqual([]);
  expect(world.get("a").told).toEqual([]);
  expect(world.get("a").opened).toEqual([]);
});

test("nodes of two releases in a row talk as the older one does, and both know it", async () => {
  const world = World.speaking({
    a: { newest: 3, oldest: 2 },
    b: { newest: 2, oldest: 1 },
    c: { newest: 3, oldest: 2 },
  });
  await world.env.pass(20);
  world.get("a").tell("b", 1);
  world.get("b").tell("a", 2);
  await world.env.pass(5);
  expect(world.get("b").told).toEqual(["1"]);
  expect(world.get("a").told).toEqual(["2"]);
  const spoken = (from: string, to: string) => world.get(from).peers.to(to)?.protocol;
  expect([spoken("a", "b"), spoken("b", "a"), spoken("a", "c")]).toEqual([2, 2, 3]);
});

test("nodes that have no protocol in common refuse each other, and say why", async () => {
  const world = World.speaking({ a: { newest: 3, oldest: 2 }, b: { newest: 1, oldest: 1 } });
  await world.env.pass(1_000);
  expect(world.get("a").opened).toEqual([]);
  expect(world.get("b").opened).toEqual([]);
  expect(world.env.logged.join("\n")).toContain("upgrade release by release");
});

test("a node that answers under another's id is refused by the one that called it", async () => {
  const world = World.of("a");
  const answers = world.net.at("b").listen("b", (socket) => {
    socket.send({ type: "hello", protocol: 1, from: "c", to: "a" });
    return { message: () => undefined, closed: () => undefined };
  });
  world.get("a").owners.become([nodeRecord("b"), nodeRecord("c")]);
  await world.env.pass(100);
  expect(world.get("a").opened).toEqual([]);
  answers();
});

test("whoever connects and says nothing is let go after a lease", async () => {
  const world = World.of("a");
  const { heard } = stranger(world, "b", "a");
  await world.env.pass(LEASE_MS - 10);
  expect(heard.closed).toBe(0);
  await world.env.pass(LEASE_MS);
  expect(heard.closed).toBe(1);
});

test("a connection that is open at one end only is given up by both ends, and made anew", async () => {
  const world = World.of("a", "b");
  await world.env.pass(20);
  world.net.halted.add("a>b");
  const call = errorOf(world.get("a").peers.to("b")!.call("ask", flush, 60_000));
  await world.env.pass(2 * LEASE_MS + LEASE_MS);
  expect(await call).toMatchObject({ code: "unavailable", isSent: true });
  expect(world.get("a").closed).toHaveLength(1);
  expect(world.get("b").closed).toHaveLength(1);
  expect(world.get("a").peers.to("b")).toBeUndefined();
  world.net.halted.clear();
  await world.env.pass(2 * LEASE_MS + 4_000);
  world.get("a").tell("b", 1);
  await world.env.pass(5);
  expect(world.get("b").told).toEqual(["1"]);
});

test("a quiet connection is kept by signs of life alone", async () => {
  const world = World.of("a", "b");
  await world.env.pass(20 * LEASE_MS);
  expect(world.get("a").closed).toEqual([]);
  expect(world.net.dialed).toBe(1);
});

test("two connections between the same nodes harm nobody, and the other is used when one ends", async () => {
  const world = new World();
  // The courtesy is over before the first greeting has come.
  world.net.latencyMs = 400;
  world.join("a", "b");
  await world.env.pass(3_000);
  expect(world.net.dialed).toBe(2);
  expect(world.get("a").opened).toHaveLength(2);
  for (const [from, to] of ["ab", "ba"]) {
    world.get(from!).tell(to!, 1);
    world.get(from!).tell(to!, 2);
  }
  await world.env.pass(1_000);
  expect(world.get("a").told).toEqual(["1", "2"]);
  expect(world.get("b").told).toEqual(["1", "2"]);
  const [first, second] = world.get("a").opened;
  expect(world.get("a").peers.to("b")).toBe(first);
  world.net.cutOldest();
  await world.env.pass(1_000);
  expect(world.get("a").closed).toEqual([first]);
  expect(world.get("a").peers.to("b")).toBe(second);
});

test("a node that is not alive any more has no channel, and is not called again", async () => {
  const world = World.of("a", "b");
  await world.env.pass(20);
  world.get("a").owners.become([]);
  await world.env.pass(5);
  expect(world.get("a").peers.to("b")).toBeUndefined();
  expect(world.get("b").closed).toHaveLength(1);
  const { dialed } = world.net;
  world.get("b").owners.become([]);
  await world.env.pass(10_000);
  expect(world.net.dialed).toBe(dialed);
});

test("a node that seems dead for a moment, just when it is to be called, is called when it is back", async () => {
  const world = World.of("a");
  const { owners } = world.get("a");
  owners.become([nodeRecord("b")]);
  await world.env.pass(100);
  owners.fade();
  await world.env.pass(10_000);
  const { dialed } = world.net;
  owners.become([nodeRecord("b")]);
  await world.env.pass(10);
  expect(world.net.dialed).toBe(dialed + 1);
});

test("calls are answered, or refused with what the far side says", async () => {
  const world = World.of("a", "b");
  const refusal = new PerdureError("overloaded", "too much", { detail: { retryAfterMs: 5 } });
  const answers: (() => Promise<null>)[] = [
    () => Promise.resolve(null),
    () => Promise.reject(refusal),
    () => Promise.reject(new TypeError("a secret of the far side")),
  ];
  world.get("b").peers.answer("ask", () => answers.shift()!());
  await world.env.pass(20);
  const channel = world.get("a").peers.to("b")!;
  const ask = (): Promise<unknown> => world.env.run(channel.call("ask", flush, 1_000));
  expect(await ask()).toBeNull();
  const refused = await ask().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(PerdureError);
  expect(refused).not.toBeInstanceOf(PeerLost);
  expect(refused).toMatchObject({
    code: "overloaded",
    message: "too much",
    detail: { retryAfterMs: 5 },
  });
  await expect(ask()).rejects.toMatchObject({ code: "internal", message: /see its log/ });
  expect(world.env.logged).toEqual(["a call of another node failed: ask"]);
});

test("a call ends when its time is up, and says that it was sent", async () => {
  const world = World.of("a", "b");
  world.get("b").peers.answer("ask", () => new Promise(() => undefined));
  await world.env.pass(20);
  const call = world.env.run(world.get("a").peers.to("b")!.call("ask", flush, 300));
  await expect(call).rejects.toMatchObject({ code: "unavailable", isSent: true });
});

test("a call on a channel that has ended was not sent, and one on its way when it ended was", async () => {
  const world = World.of("a", "b");
  world.get("b").peers.answer("ask", () => new Promise(() => undefined));
  await world.env.pass(20);
  const channel = world.get("a").peers.to("b")!;
  const call = errorOf(channel.call("ask", flush, 10_000));
  world.net.cut("a", "b");
  await world.env.pass(5);
  expect(await call).toMatchObject({ code: "unavailable", isSent: true });
  expect(channel.isOpen).toBe(false);
  await expect(channel.call("ask", flush, 100)).rejects.toMatchObject({ isSent: false });
  await world.env.pass(5_000);
  // The one that timed out left nothing behind that keeps the process alive.
  world.get("a").peers.stop();
  world.get("b").peers.stop();
  await world.env.pass(10);
  expect(world.env.pendingTimers).toBe(0);
});

test("so many calls may wait for a node, and not one more", async () => {
  const sent: PeerMessage[] = [];
  const socket = {
    send: (message: PeerMessage) => void sent.push(message),
    close: () => undefined,
  };
  const env = { after: () => () => undefined } as unknown as VirtualEnv;
  const channel = new Channel({ node: "b", protocol: 1, socket, env, handlers: newHandlers() });
  const calls = Array.from({ length: limits.peerCalls }, () => channel.call("ask", flush, 1_000));
  expect(sent).toHaveLength(limits.peerCalls);
  await expect(channel.call("ask", flush, 1_000)).rejects.toMatchObject({ code: "overloaded" });
  channel.receive({ type: "answer", id: 1, body: null });
  expect(await calls[0]).toBeNull();
  void channel.call("ask", flush, 1_000);
  expect(sent).toHaveLength(limits.peerCalls + 1);
});

test("a verb that the far side does not know is refused, not left without an answer", async () => {
  const world = World.of("a", "b");
  await world.env.pass(20);
  const call = world.env.run(world.get("a").peers.to("b")!.call("ask", flush, 1_000));
  await expect(call).rejects.toMatchObject({ code: "unavailable", message: /one version/ });
});

test("a handler that fails keeps nobody else from hearing", async () => {
  const world = World.of("a", "b");
  world.get("b").peers.hear("mail", () => {
    throw new Error("cannot take it");
  });
  await world.env.pass(20);
  world.get("a").peers.to("b")!.tell("mail", { from: 0, to: 1, first: 1, messages: [] });
  world.get("a").tell("b", 2);
  await world.env.pass(5);
  expect(world.get("b").told).toEqual(["2"]);
  expect(world.env.logged).toHaveLength(1);
});

test("a node that stops ends its connections, and opens and takes none", async () => {
  const world = World.of("a", "b");
  await world.env.pass(20);
  world.get("b").peers.stop();
  await world.env.pass(5_000);
  expect(world.get("a").closed).toHaveLength(1);
  expect(world.net.open).toBe(0);
  expect(world.get("b").opened).toHaveLength(1);
});
