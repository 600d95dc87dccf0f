/**
 * Exchanges with Restate's SDK as it is: what its handlers ask becomes a journal on the kernel's own
 * machines, and every prefix of that journal is replayed to it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyMode, KeyRef, RunId } from "@perdure/kernel";
import type { Message } from "../../messages/messages.ts";
import { payloadOf } from "../payloads.ts";
import { entriesOf } from "../replay.ts";
import { Sdk, type Terms } from "./sdk.test-support.ts";
import { offered, services } from "./services.test-support.ts";
import { World } from "./world.test-support.ts";

interface Scenario {
  readonly service: string;
  readonly handler: string;
  readonly input?: unknown;
  readonly key?: KeyRef;
  readonly mode?: KeyMode;
  /** Its result or its failure. */
  readonly ends: string;
}

const cart: KeyRef = { namespace: "n", kind: "object:Cart", id: "c" };
const order: KeyRef = { namespace: "n", kind: "workflow:Order", id: "o" };

const scenarios: readonly Scenario[] = [
  {
    service: "Steps",
    handler: "parallel",
    input: 4,
    ends: '{"settled":["fulfilled","rejected","fulfilled","fulfilled"],"first":"result 0"}',
  },
  { service: "Steps", handler: "mixed", ends: '["nap",1,"a ","' },
  {
    service: "Steps",
    handler: "failing",
    ends: "409: TerminalError: never,TimeoutError: Timeout occurred",
  },
  { service: "Steps", handler: "late", ends: '["late","quick"]' },
  { service: "Calls", handler: "all", ends: '["a loud","g ",2,2,true]' },
  { service: "Calls", handler: "attached", ends: '["s low",418]' },
  { service: "Calls", handler: "cancels", ends: '"TerminalError: Cancelled"' },
  { service: "Calls", handler: "fails", ends: "418: as told" },
  {
    service: "Calls",
    handler: "inLine",
    ends: '[1,2,[[null,["count"]],["x",{"n":1},["a","b","count"]],[null,{"n":1}],[],"line"]]',
  },
  {
    service: "Signals",
    handler: "awakeables",
    ends: '["told",{"told":true},"TerminalError: not this one"]',
  },
  { service: "Signals", handler: "named", ends: '[7,8,"TerminalError: refused"]' },
  { service: "Signals", handler: "twice", ends: "[1,2]" },
  {
    service: "Cart",
    handler: "everything",
    key: cart,
    mode: "exclusive",
    ends: '[[null,[]],["x",{"n":1},["a","b"]],[null,{"n":1}],[],"c"]',
  },
  {
    service: "Order",
    handler: "run",
    input: "paid",
    key: order,
    ends: '["nothing","settled","cash","TerminalError: promise was already completed",["paid","cash"]]',
  },
  {
    service: "Order",
    handler: "run",
    input: "rejected",
    key: order,
    ends: '"TerminalError: promise was already completed",["rejected","TerminalError: no money"]]',
  },
];

/** `every`: so many commits lie between two cuts. */
const terms: readonly (Terms & { readonly every: number })[] = [
  { version: 7, isBidi: true, isLazy: false, every: 1 },
  { version: 7, isBidi: false, isLazy: true, every: 3 },
  { version: 6, isBidi: true, isLazy: true, every: 3 },
  { version: 6, isBidi: false, isLazy: false, every: 1 },
  { version: 5, isBidi: true, isLazy: false, every: 1 },
  { version: 5, isBidi: false, isLazy: true, every: 3 },
];

let sdk: Sdk;
beforeAll(async () => {
  sdk = await Sdk.serve(services, offered);
});
afterAll(async () => sdk.close());

function begin(world: World, { service, handler, input, key, mode }: Scenario): RunId {
  const bytes = input === undefined ? "" : JSON.stringify(input);
  const spec = {
    workflow: `${service}.${handler}`,
    input: payloadOf(new TextEncoder().encode(bytes)),
    headers: { "x-one": "1", accept: "*/*" },
    ...(mode === undefined ? {} : { mode }),
  };
  return world.start(spec, key);
}

/** What the journal tells the SDK, with the moments taken out. */
function told(world: World, id: RunId): readonly Message[] {
  const { spec } = world.run(id);
  const [service = "", handler = ""] = spec?.workflow.split(".") ?? [];
  const view = sdk.view(service, handler);
  if (spec === undefined || view === undefined) throw new Error("no such run");
  const context = { spec, handler: view, namespace: "n", resolve: () => undefined };
  return entriesOf(world.journal(id), context).messages.map((message) => {
    if (message.type === "sleep") return { ...message, wakeUpAt: 0 };
    return message.type === "oneWayCall" ? { ...message, invokeAt: 0 } : message;
  });
}

const isCommand = ({ type }: Message) => type !== "completion" && type !== "signal";

/** Notifications come in the order in which things happen, which is not always the same. */
function comparable(world: World, id: RunId): unknown {
  const all = told(world, id);
  const notified = all.filter((message) => !isCommand(message)).map((message) => show(message));
  return { commands: all.filter(isCommand).map(show), notified: notified.toSorted() };
}

function show(message: Message): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
  );
}

function endOfRun(world: World, id: RunId): string {
  const { outcome } = world.run(id);
  if (outcome?.status === "completed") return new TextDecoder().decode(outcome.output.data);
  if (outcome?.status !== "failed") return `${outcome?.status}`;
  return `${outcome.failure.code}: ${outcome.failure.message}`;
}

describe.each(terms)("version $version, bidi $isBidi, lazy $isLazy", (spoken) => {
  test.each(scenarios)("$service/$handler: every prefix has the same rest", async (scenario) => {
    const world = new World();
    const id = begin(world, scenario);
    await sdk.drive(world, id, spoken);
    const [end, entries] = [endOfRun(world, id), comparable(world, id)];
    expect(end).toContain(scenario.ends);
    for (let cut = 1; cut < world.commits.length; cut += spoken.every) {
      const again = World.after(world.commits.slice(0, cut));
      if (again.run(id).spec === undefined || again.run(id).outcome) continue;
      await sdk.drive(again, id, spoken);
      expect({ cut, end: endOfRun(again, id) }).toStrictEqual({ cut, end });
      expect({ cut, entries: comparable(again, id) }).toStrictEqual({ cut, entries });
    }
  });
});
