import { PerdureError, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import { text } from "../testing/payloads.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import type { ClaimedTask, Worker } from "../worker.ts";
import { LentTasks } from "./lent-tasks.ts";
import { Loan } from "./loan.ts";
import type { PeerChannel, Verb } from "./peer-channel.ts";

const token = { runId: "run" as RunId, key: "work", attempt: 1 };
const task = { token } as unknown as ClaimedTask;
const done = { type: "completed", output: text("ok") } as const;

class Lent {
  readonly env = new VirtualEnv();
  readonly called: [Verb, unknown][] = [];
  readonly ran: ClaimedTask[] = [];
  readonly cancelled: unknown[] = [];
  readonly starts: (() => boolean)[] = [];
  refusals: PerdureError[] = [];
  freed = 0;
  readonly loan: Loan;
  readonly tasks: LentTasks;

  constructor() {
    const channel: PeerChannel = {
      node: "b",
      protocol: 1,
      isOpen: true,
      tell: () => undefined,
      call: (verb, body) => {
        this.called.push([verb, body]);
        const refusal = this.refusals.shift();
        // The answers of both verbs that are called are not looked at here.
        return refusal ? Promise.reject(refusal) : Promise.resolve(null as never);
      },
    };
    const worker = {
      runTask: (one: ClaimedTask) => this.ran.push(one),
      cancelTask: (one: unknown) => this.cancelled.push(one),
    } as unknown as Worker;
    this.loan = new Loan(1, "task", "main", channel);
    this.tasks = new LentTasks({
      env: this.env,
      worker,
      start: (_, start) => this.starts.push(start),
      freed: () => this.freed++,
    });
  }
}

test("a result is told again while the other node refuses it for now", async () => {
  const lent = new Lent();
  lent.tasks.run(lent.loan, task);
  lent.starts[0]!();
  lent.refusals = [new PerdureError("overloaded", ""), new PerdureError("unavailable", "")];
  await lent.env.run(lent.tasks.result(token, done));
  expect(lent.called).toHaveLength(3);
  expect(lent.tasks.size).toBe(0);
});

test("a result that the run does not want is not told again", async () => {
  const lent = new Lent();
  lent.tasks.run(lent.loan, task);
  lent.starts[0]!();
  lent.refusals = [new PerdureError("stale", "")];
  await expect(lent.env.run(lent.tasks.result(token, done))).rejects.toMatchObject({
    code: "stale",
  });
  expect(lent.called).toHaveLength(1);
});

test("an attempt that waits for its queue's rate and is cancelled never starts", async () => {
  const lent = new Lent();
  lent.tasks.run(lent.loan, task);
  lent.tasks.cancel(lent.loan, token);
  await lent.env.still();
  lent.starts[0]!();
  expect([lent.ran, lent.cancelled]).toEqual([[], []]);
  const body = { loan: 1, token, result: { type: "cancelled" } };
  expect(lent.called).toEqual([["lending.result", body]]);
});

test("an attempt that waits when its loan ends never starts, and keeps no slot", () => {
  const lent = new Lent();
  lent.tasks.run(lent.loan, task);
  lent.tasks.endOf(lent.loan);
  lent.starts[0]!();
  expect([lent.ran, lent.cancelled, lent.tasks.size]).toEqual([[], [], 0]);
});

test("an attempt whose loan has ended keeps its slot until the worker is done with it (N4)", async () => {
  const lent = new Lent();
  lent.tasks.run(lent.loan, task);
  lent.starts[0]!();
  lent.tasks.endOf(lent.loan);
  expect(lent.cancelled).toEqual([token]);
  expect([lent.tasks.orphans(), lent.tasks.orphans("other"), lent.freed]).toEqual([1, 0, 0]);
  await expect(lent.tasks.beat(token, undefined)).rejects.toMatchObject({ code: "stale" });
  lent.tasks.abandon(token);
  expect([lent.tasks.orphans(), lent.freed, lent.called]).toEqual([0, 1, []]);
});
