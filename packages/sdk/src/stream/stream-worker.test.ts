import { expect, test } from "vitest";
import {
  decodeWorkerFrame,
  encodeFrame,
  encodeServerMessage,
  PROTOCOL,
  wireLimits,
  type Hello,
} from "@perdure/wire";
import { VirtualEnv } from "../testing/virtual-env.ts";
import { Registry } from "../worker/registry.ts";
import type { Dial, Ear } from "./line.ts";
import { StreamWorker } from "./stream-worker.ts";

const leaseMs = 3_000;

/** One connection of the worker, as its server sees it. */
class Served {
  readonly sent: Uint8Array[] = [];
  isEnded = false;
  readonly #ear: Ear;

  constructor(ear: Ear) {
    this.#ear = ear;
  }

  get hello(): Hello {
    const [message] = this.sent.slice(0, 1).flatMap((frame) => decodeWorkerFrame(frame).messages);
    if (message?.type !== "hello") throw new Error("the worker has not greeted");
    return message;
  }

  open(): void {
    this.#ear.open();
  }

  /** `ack`: messages of the session that the server has taken. */
  welcome(isResumed: boolean, ack = 0): void {
    const welcome = encodeServerMessage({
      type: "welcome",
      protocol: PROTOCOL,
      server: "test",
      isResumed,
      resume: "token",
      window: wireLimits.windowBytes,
      leaseMs,
    });
    if (!this.isEnded) this.#ear.frame(encodeFrame(0, ack, [welcome]), true);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#ear.ended("");
  }
}

function stage() {
  const env = new VirtualEnv(0, () => undefined);
  const served: Served[] = [];
  const dial: Dial = (_, ear) => {
    const connection = new Served(ear);
    served.push(connection);
    return {
      send: (frame) => connection.sent.push(Uint8Array.from(frame)),
      close: () => connection.end(),
      terminate: () => connection.end(),
    };
  };
  const worker = new StreamWorker({
    url: "ws://test",
    id: "worker",
    sdk: "test",
    registry: new Registry({}),
    options: { taskSlots: 1, runSlots: 1, leaseMs },
    env,
    log: () => undefined,
    dial,
  });
  void worker.start();
  const passMs = (ms: number): void => {
    const end = env.now() + ms;
    while ((env.next ?? Infinity) <= end) env.step();
    env.passTo(end);
  };
  return { worker, served, passMs, at: (n: number) => served[n] as Served };
}

test("a welcome that comes after the lease does not give a new session an old one's numbers (R4)", () => {
  const { worker, served, passMs, at } = stage();
  at(0).open();
  at(0).welcome(false);
  at(0).end();
  passMs(100);
  expect(served).toHaveLength(2);
  at(1).open();
  expect(at(1).hello.resume).toBe("token");
  // The server stood still, and takes the greeting when the worker has given up its session.
  passMs(leaseMs);
  at(1).welcome(true);
  passMs(500);
  const last = served.length - 1;
  expect(last).toBeGreaterThan(1);
  at(last).open();
  expect(at(last).hello.resume).toBeUndefined();
  at(last).welcome(false);
  expect(at(last).isEnded).toBe(false);
  worker.close();
});

test("a session whose numbers do not fit is not asked for again (R4)", () => {
  const { worker, served, passMs, at } = stage();
  at(0).open();
  at(0).welcome(false);
  at(0).end();
  passMs(100);
  at(1).open();
  at(1).welcome(true, 2);
  expect(at(1).isEnded).toBe(true);
  passMs(500);
  const last = served.length - 1;
  at(last).open();
  expect(at(last).hello.resume).toBeUndefined();
  worker.close();
});
