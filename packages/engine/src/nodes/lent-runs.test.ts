import { describe, expect, test } from "vitest";
import type { RunId } from "@perdure/kernel";
import type { Activation, Worker } from "../worker.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { LentRuns } from "./lent-runs.ts";
import { Loan } from "./loan.ts";
import type { PeerChannel } from "./peer-channel.ts";

const runId = "run" as RunId;

function loanTo(node: string): { loan: Loan; told: unknown[] } {
  const told: unknown[] = [];
  const channel: PeerChannel = {
    node,
    protocol: 1,
    isOpen: true,
    tell: (word, body) => told.push([word, body]),
    call: () => Promise.reject(new Error("nothing is called")),
  };
  return { loan: new Loan(1, "workflow", "main", channel), told };
}

function lentRuns(epoch = 0): { runs: LentRuns; calls: unknown[]; env: VirtualEnv } {
  const calls: unknown[] = [];
  let near = 100;
  const worker = {
    id: "w",
    activate: ({ lease }: Activation) => calls.push(["activate", lease]),
    evict: (_: RunId, lease: number) => calls.push(["evict", lease]),
  } as unknown as Worker;
  const env = new VirtualEnv();
  const outdoes = (_: RunId, other: number): boolean => other > epoch;
  const runs = new LentRuns({ env, worker, draw: () => near++, outdoes });
  return { runs, calls, env };
}

const activation = (lease: number) => ({ runId, lease }) as unknown as Activation;

describe("a run that two nodes say is theirs", () => {
  test("is held for the one with the later epoch, and the other is told (N3)", () => {
    const { runs, calls } = lentRuns();
    const b = loanTo("b");
    const c = loanTo("c");
    runs.activate(b.loan, activation(7), 3);
    runs.activate(c.loan, activation(7), 4);
    expect(calls).toEqual([
      ["activate", 100],
      ["evict", 100],
      ["activate", 101],
    ]);
    expect(b.told).toEqual([["lending.release", { loan: 1, runId, lease: 7 }]]);
    expect(runs.find(b.loan, runId, 7)).toBeUndefined();
    expect(runs.find(c.loan, runId, 7)).toMatchObject({ near: 101 });
  });

  test("is not given to one with an earlier epoch, which is told so a little later", async () => {
    const { runs, calls, env } = lentRuns();
    const b = loanTo("b");
    const c = loanTo("c");
    runs.activate(b.loan, activation(7), 4);
    runs.activate(c.loan, activation(8), 3);
    expect(calls).toEqual([["activate", 100]]);
    // At once it would ask again at once, for as long as it does not know better.
    expect(c.told).toEqual([]);
    await env.pass(100);
    expect(c.told).toEqual([["lending.release", { loan: 1, runId, lease: 8 }]]);
  });

  test("is this node's for as long as its epoch is not outdone", async () => {
    const { runs, calls, env } = lentRuns(4);
    const b = loanTo("b");
    runs.activate(b.loan, activation(7), 4);
    await env.pass(100);
    expect(b.told).toEqual([["lending.release", { loan: 1, runId, lease: 7 }]]);
    runs.activate(b.loan, activation(8), 5);
    expect(calls).toEqual([["activate", 100]]);
    runs.yield(runId);
    expect(calls[1]).toEqual(["evict", 100]);
    expect(b.told[1]).toEqual(["lending.release", { loan: 1, runId, lease: 8 }]);
  });

  test("by one node under a new lease, it is held under that one", async () => {
    const { runs, calls, env } = lentRuns();
    const { loan, told } = loanTo("b");
    runs.activate(loan, activation(7), 3);
    runs.activate(loan, activation(8), 3);
    runs.answer(runId, 100, { commands: [] }, false);
    runs.answer(runId, 101, { commands: [] }, false);
    expect(calls).toHaveLength(3);
    const body = { loan: 1, runId, lease: 8, answer: { commands: [] }, isIdle: false };
    expect(told).toEqual([
      ["lending.release", { loan: 1, runId, lease: 7 }],
      ["lending.answer", body],
    ]);
    // One that was overtaken on the way.
    runs.activate(loan, activation(6), 3);
    await env.pass(100);
    expect(told[2]).toEqual(["lending.release", { loan: 1, runId, lease: 6 }]);
    expect(runs.find(loan, runId, 8)).toMatchObject({ near: 101 });
  });
});
