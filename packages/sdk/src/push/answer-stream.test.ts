import type { SignedRequest } from "@perdure/wire";
import { expect, it, onTestFinished } from "vitest";
import { AnswerStream } from "./answer-stream.ts";
import { webEnv } from "./web-env.ts";

const request: SignedRequest = {
  purpose: "exchange",
  endpoint: "shop",
  at: 0,
  nonce: "00".repeat(16),
  key: { kid: "k1", secret: new Uint8Array(32) },
  mac: new Uint8Array(32),
};

/** An answer whose frames are sealed when `open` says so. */
function slowly() {
  const gate = Promise.withResolvers<void>();
  const said: string[] = [];
  let gone = 0;
  const digests = {
    mac: () => gate.promise.then(() => new Uint8Array(32)),
    isMac: () => true,
    sha256: () => new Uint8Array(32),
  };
  const env = webEnv((_level, message) => said.push(message));
  const answer = new AnswerStream(request, { env, digests }, () => gone++);
  onTestFinished(() => answer.abort());
  return { answer, said, open: () => gate.resolve(), gone: () => gone };
}

/** Whether a promise that nobody handles is refused while `work` is done, and soon after. */
async function unhandled(work: () => Promise<void>): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason) => found.push(reason));
  try {
    await work();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
  return found;
}

it("an answer whose reader leaves while the end is on its way is over, and says nothing", async () => {
  const { answer, said, open, gone } = slowly();
  const reasons = await unhandled(async () => {
    answer.end(false);
    await answer.body.cancel();
    open();
  });
  expect(reasons).toEqual([]);
  expect(said).toEqual([]);
  expect(gone()).toBe(0);
});

it("an answer whose reader leaves before the end tells who writes it, once", async () => {
  const { answer, said, open, gone } = slowly();
  const reasons = await unhandled(async () => {
    answer.send({ type: "alive" });
    await answer.body.cancel();
    answer.end(false);
    open();
  });
  expect(reasons).toEqual([]);
  expect(said).toEqual([]);
  expect(gone()).toBe(1);
});
