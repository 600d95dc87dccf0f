import { PerdureError } from "@perdure/kernel";
import { workflow } from "perdure";
import { Registry, StreamWorker } from "perdure/worker";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { quiet, Rig } from "../testing/rig.test-support.ts";
import { readEvents } from "../testing/sse.test-support.ts";
import { Vigil } from "./vigil.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.open({ limits: { credentialCheckMs: 20 } });
});

afterAll(() => rig[Symbol.asyncDispose]());

interface Joined {
  /** What it is told when it is refused for good. */
  readonly refusal: Promise<PerdureError>;
}

async function join(secret: string, id: string): Promise<Joined> {
  const { promise: refusal, resolve: onFatal } = Promise.withResolvers<PerdureError>();
  const worker = new StreamWorker({
    url: `${rig.server.url.replace("http", "ws")}/v1/workers/stream`,
    headers: { authorization: `Bearer ${secret}` },
    id,
    sdk: "test",
    registry: new Registry({ workflows: [workflow({ name: "w" }, async () => 1)] }),
    options: { taskSlots: 1, runSlots: 1 },
    env: quiet,
    log: () => undefined,
    onFatal,
  });
  onTestFinished(() => worker.close());
  await worker.start();
  return { refusal };
}

async function connected(): Promise<readonly (string | undefined)[]> {
  const workers = await rig.server.engine.workers("default");
  return workers.filter(({ phase }) => phase !== "lost").map(({ id }) => id.split("~")[0]);
}

const key = (expiresAt?: number) =>
  rig.server.apiKeys.create(
    { namespace: "default", role: "worker", ...(expiresAt === undefined ? {} : { expiresAt }) },
    "test",
  );

describe("V1: what came with a credential that is no longer good is ended", () => {
  test("a worker's session, when its key is revoked, and no other key's", async () => {
    const [bad, good] = [await key(), await key()];
    const { refusal } = await join(bad.secret, "bad");
    await join(good.secret, "good");
    await rig.server.apiKeys.revoke("default", bad.key.id);
    expect(await refusal).toMatchObject({ code: "unauthenticated" });
    expect(await connected()).toContain("good");
    expect(await connected()).not.toContain("bad");
  });

  test("a worker's session, when its key expires", async () => {
    const { secret } = await key(Date.now() + 300);
    const { refusal } = await join(secret, "brief");
    expect(await refusal).toMatchObject({ code: "unauthenticated" });
    expect(await connected()).not.toContain("brief");
  });

  test("a live run, and a wait for its outcome", async () => {
    const runId = await rig.start("wait");
    const { secret, key: made } = await key();
    const live = await rig.fetch("runs.watch", { params: { runId }, key: secret });
    const query = { waitMs: "60000" };
    const outcome = rig.call("runs.outcome", { params: { runId }, query, key: secret });
    const events = readEvents(live);
    await rig.server.apiKeys.revoke("default", made.id);
    const seen: string[] = [];
    for await (const { event } of events) seen.push(event);
    expect(seen).not.toContain("closed");
    expect((await outcome).body.outcome).toBeUndefined();
  });
});

describe("the check", () => {
  /** Rounds by hand. */
  function vigilOver(authenticate: () => Promise<never>) {
    const rounds: (() => void)[] = [];
    const env = {
      ...quiet,
      after: (_: number, call: () => void) => {
        rounds.push(call);
        return () => void rounds.splice(rounds.indexOf(call), 1);
      },
    };
    const vigil = new Vigil({ env, authenticator: { authenticate }, everyMs: 1 });
    const round = async () => {
      rounds.splice(0).forEach((call) => call());
      for (let i = 0; i < 10; i++) await Promise.resolve();
    };
    return { vigil, rounds, round };
  }

  test("V2: that cannot be made ends nothing, and is made again", async () => {
    let code: "overloaded" | "forbidden" = "overloaded";
    const { vigil, round } = vigilOver(() => Promise.reject(new PerdureError(code, "no")));
    const ended: string[] = [];
    vigil.watch(
      () => "k",
      (reason) => void ended.push(reason.code),
    );
    await round();
    expect(ended).toEqual([]);
    code = "forbidden";
    await round();
    await round();
    expect(ended).toEqual(["forbidden"]);
  });

  test("V3: is one for all that came with a credential, and none when all have left", async () => {
    let checks = 0;
    const { vigil, rounds, round } = vigilOver(() => {
      checks++;
      return Promise.reject(new PerdureError("unavailable", "no"));
    });
    const forget = [1, 2, 3].map(() =>
      vigil.watch(
        () => "k",
        () => undefined,
      ),
    );
    await round();
    expect(checks).toBe(1);
    for (const one of forget) one();
    expect(rounds).toEqual([]);
  });
});
