import { systemEnv, type PeerMessage } from "@perdure/engine";
import { expect, test } from "vitest";
import { SocketNetwork } from "./socket-network.ts";
import { hello, Place, recordAt, secret, Tap } from "./two-ends.test-support.ts";

const tell = (body: unknown): PeerMessage => ({ type: "tell", word: "receipt", body });
const bodies = (messages: readonly PeerMessage[]) =>
  messages.flatMap((message) => (message.type === "tell" ? [message.body] : []));

test("what is sent arrives in order, once, at both ends", async () => {
  await using a = await Place.open();
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  const numbers = Array.from({ length: 2_000 }, (_, i) => i + 1);
  for (const i of numbers) {
    near.socket.send(tell(i));
    far.socket.send(tell(-i));
  }
  await Promise.all(
    [near, far].map((end) => end.until(({ messages }) => messages.length > numbers.length)),
  );
  expect(bodies(far.messages)).toEqual(numbers);
  expect(bodies(near.messages)).toEqual(numbers.map((i) => -i));
});

test("every kind of message is the same at the far end", async () => {
  await using a = await Place.open();
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  const body = { args: ["run", undefined, { data: Uint8Array.of(1, 2) }], at: 1.5, none: null };
  const messages: readonly PeerMessage[] = [
    { type: "ping" },
    tell(body),
    { type: "call", id: 1, verb: "ask", body },
    { type: "answer", id: 1, body: undefined },
    { type: "failure", id: 2, error: { code: "fenced", message: "no", retry: "now" } },
    {
      type: "failure",
      id: 3,
      error: { code: "overloaded", message: "m", retry: "later", detail: { retryAfterMs: 5 } },
    },
  ];
  for (const message of messages) near.socket.send(message);
  await far.until((end) => end.messages.length > messages.length);
  expect(far.messages.slice(1)).toEqual(messages);
});

test("an error of a code that only a later build has is `internal` here", async () => {
  await using a = await Place.open();
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  const error = { code: "of-tomorrow", message: "?", retry: "now" };
  near.socket.send({ type: "failure", id: 1, error } as unknown as PeerMessage);
  await far.until((end) => end.messages.length > 1);
  expect(far.messages[1]).toMatchObject({ error: { code: "internal", message: "?" } });
});

test("a message of many megabytes arrives whole, and its sender is heard of meanwhile", async () => {
  await using a = await Place.open();
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  const data = new Uint8Array(20_000_000).fill(7);
  near.socket.send(tell(data));
  await far.until(({ messages }) => bodies(messages).length > 0);
  const [arrived] = bodies(far.messages);
  expect(Buffer.from(arrived as Uint8Array).equals(data)).toBe(true);
  expect(far.messages.some(({ type }) => type === "ping")).toBe(true);
});

test("both ends hear once that it is over, and nothing after that", async () => {
  await using a = await Place.open();
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  near.socket.close();
  near.socket.close();
  await Promise.all([near, far].map((end) => end.until(({ closings }) => closings > 0)));
  near.socket.send(tell(1));
  far.socket.send(tell(1));
  far.socket.close();
  const another = await a.pair(b);
  another.near.socket.close();
  await another.far.until(({ closings }) => closings > 0);
  expect([near.closings, far.closings]).toEqual([1, 1]);
  expect(bodies([...near.messages, ...far.messages])).toEqual([]);
});

test("whoever calls where nobody listens hears the end, and not at once", async () => {
  await using a = await Place.open();
  const gone = await Place.open();
  await gone.network.close();
  for (const address of [gone.network.address, "no address at all"]) {
    const heard = a.connect(recordAt(address));
    expect(heard.closings).toBe(0);
    heard.socket.send(hello);
    await heard.until(({ closings }) => closings > 0);
    expect(heard.messages).toEqual([]);
  }
});

test("before the engine listens, whoever comes is sent away", async () => {
  await using a = await Place.open();
  const env = systemEnv({ log: () => undefined });
  const network = await SocketNetwork.open({ listen: "127.0.0.1:0", access: { secret }, env });
  const heard = a.connect(recordAt(network.address));
  await heard.until(({ closings }) => closings > 0);
  await network.close();
});

test("a node that takes nothing is let go, and what waits for it is bounded", async () => {
  const limits = { backlogBytes: 1_000_000 };
  await using a = await Place.open({ limits });
  await using b = await Place.open();
  await using tap = await Tap.before(b.network.address);
  const near = a.connect(tap.record);
  near.socket.send(hello);
  const far = await b.next();
  far.socket.send(hello);
  await near.until(({ messages }) => messages.length > 0);
  tap.stall();
  const data = new Uint8Array(100_000);
  let sent = 0;
  while (near.closings === 0 && sent < 1_000) {
    near.socket.send(tell(data));
    sent++;
    await new Promise((resolve) => void setImmediate(resolve));
  }
  // Beside the backlog there is what the machine keeps for a socket.
  expect(sent).toBeLessThan(200);
  expect(a.logged).toContain("a node takes nothing, and is let go");
});

test("a message may have so many bytes, and one more ends the connection", async () => {
  const limits = { messageBytes: 100_000 };
  await using a = await Place.open();
  await using b = await Place.open({ limits });
  const { near, far } = await a.pair(b);
  // Head of the row, its number, the word, and the head of the bytes.
  const most = limits.messageBytes - (1 + 1 + 8 + 5);
  near.socket.send(tell(new Uint8Array(most)));
  await far.until(({ messages }) => bodies(messages).length > 0);
  near.socket.send(tell(new Uint8Array(most + 1)));
  await far.until(({ closings }) => closings > 0);
  expect(bodies(far.messages)).toHaveLength(1);
});

test("what is too long to be sent is not, and ends the connection", async () => {
  await using a = await Place.open({ limits: { messageBytes: 10_000 } });
  await using b = await Place.open();
  const { near, far } = await a.pair(b);
  near.socket.send(tell(new Uint8Array(10_000)));
  await far.until(({ closings }) => closings > 0);
  expect(bodies(far.messages)).toEqual([]);
  expect(a.logged).toContain("a message to another node is too long, and ends the connection");
});

test("a network that is closed gives its port back, and ends what it has", async () => {
  await using a = await Place.open();
  const b = await Place.open();
  const { near } = await a.pair(b);
  await b.network.close();
  await near.until(({ closings }) => closings > 0);
  const listen = b.network.address;
  await using again = await Place.open({ listen });
  expect(again.network.address).toBe(listen);
});

test.each([
  ["127.0.0.1", /host and a port/],
  ["127.0.0.1:99999", /host and a port/],
  ["[zz]:1", /host and a port/],
  ["0.0.0.0:0", /node\.advertise/],
  ["[::]:0", /node\.advertise/],
])("%s is no address to listen at, and the error says what is", async (listen, says) => {
  await expect(Place.open({ listen })).rejects.toThrow(says);
});

test("others are told where a node is reached, if it listens everywhere", async () => {
  await using a = await Place.open({ listen: "0.0.0.0:0", advertise: "127.0.0.1:0" });
  expect(a.network.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  await using b = await Place.open({ listen: "127.0.0.1:0", advertise: "node-b.internal:7400" });
  expect(b.network.address).toBe("node-b.internal:7400");
});

test("a port that another process has is said to be taken", async () => {
  await using a = await Place.open();
  await expect(Place.open({ listen: a.network.address })).rejects.toThrow(/another process/);
});
