/** Mail between nodes, whose connection is cut before one message after the other. */
import type { RunEvent } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { nth } from "../testing/loopback.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";
import type { PeerMessage } from "./peer-network.ts";

const mail = new Set(["mail", "receipt", "reply"]);

function isMail(message: PeerMessage): boolean {
  return message.type === "tell" && mail.has(message.word);
}

interface Day {
  /** Messages of mail that came through, and those that were cut. */
  readonly seen: number;
  readonly failed: number;
}

/** A key at one node whose run was imported to the other, and a parent whose child is there. */
async function day(
  fault: (cluster: TalkingCluster) => (message: PeerMessage) => boolean,
): Promise<Day> {
  const cluster = await TalkingCluster.of("a", "b");
  const [a, b] = cluster.nodes as [ClusterNode, ClusterNode];
  const journal = await cluster.journalFor(b, a, "imported");
  const { key, runId } = journal.spec;
  const childKey = await cluster.keyAt(b, "child");
  cluster.net.heard.length = 0;
  cluster.net.cutBefore = fault(cluster);

  let failed = 0;
  const attempt = async (call: Promise<unknown>): Promise<void> => {
    const error = await cluster.run(
      call.then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    if (error === undefined) return;
    expect(error).toMatchObject({ code: "unavailable" });
    failed++;
  };
  const request = { ...base, workflow: "asks", input: text(JSON.stringify(childKey)) };
  const parentKey = await cluster.keyAt(a, "parent");
  const parent = (await cluster.run(a.engine.start({ ...request, key: parentKey }))).runId;
  await attempt(a.engine.importRun("test", journal));
  for (const name of ["one", "two", "three"]) {
    await attempt(a.engine.signal({ key: key! }, { name }));
  }
  await attempt(a.engine.signal({ key: key! }, { name: "go", payload: text("on") }));

  const outcome = { status: "completed", output: text("on") };
  expect(await cluster.run(a.engine.outcome(runId))).toEqual(outcome);
  expect(await cluster.run(b.engine.outcome(parent))).toMatchObject({
    output: text("it said 123"),
  });
  const events = await cluster.run(b.engine.journal(runId));
  expect(signalsIn(events)).toEqual(["one", "two", "three", "go"]);
  const { rows } = await cluster.run(a.engine.list({ namespace: "test", limit: 10 }));
  expect(rows.map(({ workflow }) => workflow).toSorted()).toEqual(["asks", "three", "waits"]);
  const mailHeard = (): number => cluster.net.heard.filter(({ message }) => isMail(message)).length;
  cluster.net.cutBefore = () => false;
  await cluster.env.pass(5_000);
  const seen = mailHeard();
  // All of it is acknowledged, nobody waits, and nothing was wrong.
  await cluster.env.pass(5_000);
  expect(mailHeard()).toBe(seen);
  expect([a, b].map(({ engine }) => engine.stats().requests)).toEqual([0, 0]);
  expect(cluster.env.logged).toEqual([]);
  await cluster.close();
  return { seen, failed };
}

function signalsIn(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "signal.received" ? event.name : []));
}

describe("messages between partitions of two nodes", () => {
  test("arrive once and in order, and their callers are answered", async () => {
    const { seen, failed } = await day(() => () => false);
    expect(failed).toBe(0);
    // Each of seven messages, its receipt, and the replies to five callers.
    expect(seen).toBeGreaterThanOrEqual(7 + 7 + 5);
  });

  test("also when the connection ends before any one of them", async () => {
    let n = 0;
    let failures = 0;
    for (let seen = Infinity; n < seen;) {
      const result = await day(() => nth(++n, isMail));
      seen = result.seen;
      failures += result.failed;
    }
    expect(n).toBeGreaterThanOrEqual(19);
    // A caller whose reply was lost is told that nobody knows.
    expect(failures).toBeLessThanOrEqual(n);
  }, 60_000);

  test("also when the connection ends all the time", async () => {
    await day(
      ({ env }) =>
        (message) =>
          isMail(message) && env.random() < 0.3,
    );
  });
});
