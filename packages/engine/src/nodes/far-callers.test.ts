import type { Envelope, ErrorCode, PerdureError, Reply } from "@perdure/kernel";
import { PerdureError as Refusal, runStream, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import { Requests } from "../commit/requests.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { FarCallers } from "./far-callers.ts";
import type { FarReply } from "./parcels.ts";
import type { PeerTalk } from "./peers.ts";

const to = runStream("run" as RunId);

/** Two nodes, each with its callers; a reply that is told arrives at once. */
function twoNodes() {
  const env = new VirtualEnv();
  const hearing: ((reply: FarReply) => void)[] = [];
  const told: FarReply[] = [];
  const nodes = [0, 1].map((me) => {
    const tell = (_: string, reply: FarReply): void => {
      told.push(reply);
      hearing[1 - me]!(reply);
    };
    const peers = {
      hear: (_: string, handler: (reply: FarReply) => void) => hearing.push(handler),
      to: () => ({ tell }),
    } as unknown as PeerTalk;
    const requests = new Requests();
    return { requests, callers: new FarCallers(env, peers, requests) };
  });
  const [near, far] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const heard: (Reply | PerdureError)[] = [];
  const request = near.requests.open({
    answer: (reply) => void heard.push(reply),
    fail: (error) => void heard.push(error),
  });
  const message: Envelope = { to, message: { type: "run.resume", request } };
  /** It crosses; the number under which the far node knows its caller. */
  const cross = (): number => {
    near.callers.sent(message, 0, 1, 7);
    const taken = far.callers.taken(message, 1, "near");
    return (taken.message as { request: number }).request;
  };
  return { env, near, far, heard, told, cross };
}

test("a caller's number is another one at the far node, and the reply comes back to it", () => {
  const { near, far, heard, cross } = twoNodes();
  // Numbers of its own, so that they are not the same by chance.
  for (let n = 0; n < 3; n++)
    far.requests.open({ answer: () => expect.fail(), fail: () => expect.fail() });
  far.requests.answer(cross(), { type: "ok" });
  expect(heard).toEqual([{ type: "ok" }]);
  expect([near.requests.size, far.requests.size]).toEqual([0, 3]);
});

test.each<[ErrorCode, ErrorCode]>([
  ["store-corrupt", "store-corrupt"],
  ["fenced", "unavailable"],
  ["closed", "unavailable"],
  ["unavailable", "unavailable"],
])("when the far node fails with %s, the caller hears %s", (code, heardCode) => {
  const { far, heard, cross } = twoNodes();
  far.requests.fail(cross(), new Refusal(code, "it cannot"));
  expect(heard).toMatchObject([{ code: heardCode }]);
});

test("a message that was applied without a reply, or not for long, leaves no caller waiting", async () => {
  const one = twoNodes();
  one.cross();
  one.near.callers.applied(0, 1, 6);
  await one.env.pass(5_000);
  expect(one.heard).toEqual([]);
  one.near.callers.applied(0, 1, 7);
  await one.env.pass(2_000);
  expect(one.heard).toMatchObject([{ code: "unavailable" }]);
  const other = twoNodes();
  other.cross();
  await other.env.pass(30_000);
  expect(other.heard).toMatchObject([{ code: "unavailable" }]);
});

test("a partition that leaves takes its callers along without a word", () => {
  const { far, heard, told, cross } = twoNodes();
  const request = cross();
  far.callers.left(() => false);
  expect([far.requests.size, told, heard]).toEqual([0, [], []]);
  far.requests.answer(request, { type: "ok" });
  expect(heard).toEqual([]);
});
