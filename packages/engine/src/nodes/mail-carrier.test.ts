import type { Envelope, RunId } from "@perdure/kernel";
import { runStream } from "@perdure/kernel";
import { decodeMessage } from "@perdure/store";
import { expect, test } from "vitest";
import { Links } from "../commit/link.ts";
import { Requests } from "../commit/requests.ts";
import { Partition } from "../streams/partition.ts";
import { FakeOwners, nodeRecord } from "../testing/loopback.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { MailCarrier } from "./mail-carrier.ts";
import type { Parcel, Receipt } from "./parcels.ts";
import type { PeerChannel } from "./peer-channel.ts";
import type { PeerTalk } from "./peers.ts";

type Handler = (body: unknown, from: PeerChannel) => void;

/** Partition 0 is here, partition 1 at the node `b`; what is told to `b` is kept. */
class Side {
  readonly env = new VirtualEnv();
  readonly owners = new FakeOwners();
  readonly partitions = [new Partition(0), new Partition(1)];
  readonly links = new Links(this.partitions);
  readonly told: [string, unknown][] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly channel = {
    node: "b",
    isOpen: true,
    tell: (word: string, body: unknown) => void this.told.push([word, body]),
  } as unknown as PeerChannel;
  readonly carrier: MailCarrier;

  constructor() {
    const { env, owners, partitions, links } = this;
    partitions[0]!.hasLinks = true;
    owners.become([nodeRecord("b")], ["here", nodeRecord("b")]);
    const peers = {
      hear: (word: string, handler: Handler) => void this.#handlers.set(word, handler),
      to: () => this.channel,
      onOpen: () => undefined,
    } as unknown as PeerTalk;
    const requests = new Requests();
    const ready = (): void => undefined;
    this.carrier = new MailCarrier({ env, owners, partitions, links, peers, requests, ready });
  }

  hear(word: "mail" | "receipt", body: Parcel | Receipt): void {
    this.#handlers.get(word)!(body, this.channel);
  }

  /** The sender's batch is durable. */
  send(count: number, bytes = 1): void {
    const link = this.links.between(0, 1);
    for (let n = 0; n < count; n++) link.send(signal(`${link.sent + 1}`, bytes));
    link.release(link.sent);
    this.carrier.released(link);
    this.carrier.carry();
  }

  /** The names of the messages told since the last look, which are their numbers. */
  parcels(): number[] {
    return this.told.splice(0).flatMap(([word, body]) => {
      const { first, messages } = body as Parcel;
      const names = messages.map((bytes) => Number(nameOf(decodeMessage(bytes))));
      const isNumbered = names.every((name, i) => name === first + i);
      if (word !== "mail" || !isNumbered) throw new Error(`this is not mail: ${word}`);
      return names;
    });
  }
}

function nameOf({ message }: Envelope): string | undefined {
  return message.type === "run.signal" ? message.signal.name : undefined;
}

function signal(name: string, bytes: number): Envelope {
  const payload = text("x".repeat(bytes));
  return {
    to: runStream("run" as RunId),
    message: { type: "run.signal", signal: { name, payload } },
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("so many messages are on their way, and more when those are acknowledged", () => {
  const side = new Side();
  side.send(3_000);
  expect(side.parcels()).toEqual(range(1, 1_024));
  side.hear("receipt", { from: 0, to: 1, seq: 100 });
  expect(side.parcels()).toEqual(range(1_025, 1_124));
  side.hear("receipt", { from: 0, to: 1, seq: 1_124 });
  expect(side.parcels()).toEqual(range(1_125, 2_148));
});

test("so many bytes are on their way, in parcels of bounded size, but one message in any case", () => {
  const side = new Side();
  side.send(30, 900_000);
  expect(side.told.map(([, body]) => (body as Parcel).messages.length)).toEqual(
    Array.from({ length: 10 }, () => 1),
  );
  expect(side.parcels()).toEqual(range(1, 10));
  side.hear("receipt", { from: 0, to: 1, seq: 4 });
  expect(side.parcels()).toEqual(range(11, 14));
});

test("what is not acknowledged is told again, as long as it is not", async () => {
  const side = new Side();
  side.send(3);
  expect(side.parcels()).toEqual([1, 2, 3]);
  await side.env.pass(510);
  expect(side.parcels()).toEqual([1, 2, 3]);
  side.hear("receipt", { from: 0, to: 1, seq: 2 });
  await side.env.pass(1_010);
  expect(side.parcels().at(-1)).toBe(3);
  side.hear("receipt", { from: 0, to: 1, seq: 3 });
  side.told.length = 0;
  await side.env.pass(5_000);
  expect(side.told).toEqual([]);
  expect(side.env.pendingTimers).toBe(0);
});

test("a receipt for what was never sent, or for the past, changes nothing", () => {
  const side = new Side();
  side.send(3);
  side.hear("receipt", { from: 0, to: 1, seq: 7 });
  side.hear("receipt", { from: 0, to: 1, seq: 2 });
  side.hear("receipt", { from: 0, to: 1, seq: 1 });
  expect(side.links.between(0, 1).acked).toBe(2);
});

test("a parcel is taken where it follows on, and what was taken before is acknowledged again", async () => {
  const side = new Side();
  const other = new Side();
  other.send(5);
  const [[, body]] = other.told as [[string, Parcel]];
  const parcel = { ...body, from: 1, to: 0 };
  const { messages } = parcel;
  side.hear("mail", { ...parcel, first: 3, messages: messages.slice(2) });
  const link = side.links.between(1, 0);
  expect(link.sent).toBe(0);
  side.hear("mail", { ...parcel, messages: messages.slice(0, 3) });
  side.hear("mail", { ...parcel, first: 2, messages: messages.slice(1) });
  expect(link.sent).toBe(5);
  for (let n = 0; n < 5; n++) link.take();
  link.ack(5);
  side.hear("mail", parcel);
  await side.env.still();
  expect(side.told).toEqual([["receipt", { from: 1, to: 0, seq: 5 }]]);
  expect(link.sent).toBe(5);
});

test("of a partition that is here nobody else has anything to tell", () => {
  const side = new Side();
  side.partitions[1]!.hasLinks = true;
  side.hear("mail", { from: 1, to: 0, first: 1, messages: [new Uint8Array([1])] });
  expect(side.links.between(1, 0).sent).toBe(0);
});
