import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { systemEnv } from "@perdure/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startServer, type RunningServer } from "../start.ts";

const adminKey = `pdk_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("base64url")}`;
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perdure-access-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(options: { readonly adminKey?: string } = {}): Promise<RunningServer> {
  const env = systemEnv({ log: () => undefined });
  return startServer({ store: `sqlite:${join(folder, "p.db")}`, port: 0, env, ...options });
}

async function whoami(server: RunningServer, secret: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}` };
  const response = await fetch(`${server.url}/v1/whoami`, { headers });
  await response.body?.cancel();
  return response.status;
}

test("API keys outlive the server, and so do what was rotated and revoked", async () => {
  const first = await start({ adminKey });
  const kept = await first.apiKeys.create({ namespace: "shop", role: "operator" }, "test");
  const gone = await first.apiKeys.create({ namespace: "shop", role: "viewer" }, "test");
  const old = await first.apiKeys.create({ namespace: "shop", role: "client" }, "test");
  await first.apiKeys.revoke("shop", gone.key.id);
  const rotated = await first.apiKeys.rotate("shop", old.key.id, 0);
  await first.close();

  // A key in the store is a credential, so this one needs no other.
  const second = await start();
  try {
    expect(await whoami(second, kept.secret)).toBe(200);
    expect(await whoami(second, rotated.secret)).toBe(200);
    expect(await whoami(second, gone.secret)).toBe(401);
    expect(await whoami(second, old.secret)).toBe(401);
    expect((await second.apiKeys.list("shop")).map(({ role }) => role)).toEqual([
      "operator",
      "viewer",
      "client",
    ]);
  } finally {
    await second.close();
  }
});

test("no secret is in the store, only its hash", async () => {
  const server = await start({ adminKey });
  const { secret } = await server.apiKeys.create({ namespace: "shop", role: "viewer" }, "test");
  const key = { namespace: "$perdure", kind: "server", id: "api-keys" };
  const entries = await server.engine.keyedState.entries(key);
  const bytes = [...entries.values()].map(({ data }) => new TextDecoder().decode(data)).join();
  await server.close();
  expect(bytes).toContain('"hash"');
  expect(bytes).not.toContain(secret.slice(-43));
});
