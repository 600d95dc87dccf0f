import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, exportSPKI, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { afterAll, describe, expect, test } from "vitest";
import type { JwtConfig } from "../config/config.ts";
import { Rig } from "../testing/rig.test-support.ts";
import { MemoryAccessStore } from "./access-store.ts";
import { ApiKeys } from "./api-keys.ts";
import { jwtVerifier } from "./jwt.ts";

function keysAt(clock: { now: number }) {
  const store = new MemoryAccessStore();
  const keys = new ApiKeys({ store, now: () => clock.now, log: () => undefined });
  return { store, keys };
}

describe("an API key", () => {
  test("speaks for its namespace and role; what is kept of it is no key", async () => {
    const { store, keys } = keysAt({ now: 1_000_000 });
    const { secret, key } = await keys.create({ namespace: "a", role: "client" }, "test");
    expect(secret).toMatch(/^pdk_[a-z0-9]{16}_[A-Za-z0-9_-]{43}$/);
    expect(await keys.authenticate(secret)).toMatchObject({ namespace: "a", role: "client" });
    const kept = JSON.stringify(await store.list());
    expect(kept).not.toContain(secret.split("_").at(-1));
    expect(key).not.toHaveProperty("secrets");
  });

  test("with another secret, another id or a bent form is nobody's", async () => {
    const { keys } = keysAt({ now: 1 });
    const { secret } = await keys.create({ namespace: "a", role: "client" }, "test");
    const last = secret.endsWith("A") ? "B" : "A";
    for (const bent of [
      secret.slice(0, -1) + last,
      `${secret}x`,
      secret.replace("pdk_", "pdk__"),
    ]) {
      expect(await keys.authenticate(bent)).toBeUndefined();
    }
  });

  test("works until the moment it expires, and not at it", async () => {
    const clock = { now: 999 };
    const { keys } = keysAt(clock);
    const wanted = { namespace: "a", role: "client", expiresAt: 1_000 } as const;
    const { secret } = await keys.create(wanted, "test");
    expect(await keys.authenticate(secret)).toBeDefined();
    clock.now = 1_000;
    expect(await keys.authenticate(secret)).toBeUndefined();
  });

  test("K3: is rotated with an overlap, after which the old secret is nobody's", async () => {
    const clock = { now: 0 };
    const { keys } = keysAt(clock);
    const first = await keys.create({ namespace: "a", role: "client" }, "test");
    const second = await keys.rotate("a", first.key.id, 100);
    expect(second.key.overlapUntil).toBe(100);
    for (const { secret } of [first, second]) {
      expect(await keys.authenticate(secret)).toBeDefined();
    }
    const third = await keys.rotate("a", first.key.id, 100);
    expect(await keys.authenticate(first.secret)).toBeUndefined();
    clock.now = 100;
    expect(await keys.authenticate(second.secret)).toBeUndefined();
    expect(await keys.authenticate(third.secret)).toBeDefined();
  });

  test("is nobody's once it is revoked, and stays so", async () => {
    const { keys } = keysAt({ now: 1 });
    const { secret, key } = await keys.create({ namespace: "a", role: "client" }, "test");
    await keys.revoke("a", key.id);
    await keys.revoke("a", key.id);
    expect(await keys.authenticate(secret)).toBeUndefined();
    await expect(keys.rotate("a", key.id, 0)).rejects.toThrow("is revoked");
  });

  test("says when it was last used, to the minute", async () => {
    const clock = { now: 1_000_000 };
    const { keys } = keysAt(clock);
    const { secret } = await keys.create({ namespace: "a", role: "client" }, "test");
    await keys.authenticate(secret);
    clock.now += 59_999;
    await keys.authenticate(secret);
    expect((await keys.list("a"))[0]?.lastUsedAt).toBe(1_000_000);
    clock.now += 1;
    await keys.authenticate(secret);
    expect((await keys.list("a"))[0]?.lastUsedAt).toBe(1_060_000);
  });

  test("for every namespace is an admin's only", async () => {
    const { keys } = keysAt({ now: 1 });
    await expect(keys.create({ namespace: "*", role: "client" }, "test")).rejects.toThrow("admin");
  });
});

const folder = mkdtempSync(join(tmpdir(), "perdure-jwt-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base = { issuer: "https://issuer.example", audience: "perdure" };
const claimNames = { namespaceClaim: "ns", roleClaim: "role" };
const claims = { ns: "tenant-a", role: "client" };

function sign(alg: string, key: Parameters<SignJWT["sign"]>[0], payload: JWTPayload = claims) {
  return new SignJWT({ iss: base.issuer, aud: base.audience, sub: "user-7", ...payload })
    .setProtectedHeader({ alg })
    .setExpirationTime(payload.exp ?? 2_000)
    .sign(key);
}

async function publicKeys(type: "RS256" | "ES256" | "EdDSA") {
  const pair =
    type === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
      : type === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("ed25519");
  const jwksFile = join(folder, `${type}.json`);
  const jwk = { ...(await exportJWK(pair.publicKey)), alg: type, use: "sig" };
  writeFileSync(jwksFile, JSON.stringify({ keys: [jwk] }));
  const config: JwtConfig = { ...base, ...claimNames, algorithms: [type], jwksFile };
  return { ...pair, verify: jwtVerifier({ config, now: () => 1_000_000 }) };
}

describe("a JWT", () => {
  const secret = "0123456789abcdef0123456789abcdef";
  const bytes = new TextEncoder().encode(secret);
  const config: JwtConfig = { ...base, ...claimNames, algorithms: ["HS256"], secret };
  const verify = jwtVerifier({ config, now: () => 1_000_000 });

  test("says namespace and role in its claims", async () => {
    expect(await verify(await sign("HS256", bytes))).toEqual({
      namespace: "tenant-a",
      role: "client",
      id: "jwt:user-7",
      by: "jwt:user-7",
      anyNamespace: false,
    });
  });

  test.each(["RS256", "ES256", "EdDSA"] as const)(
    "is taken with %s from a JWK set",
    async (alg) => {
      const { privateKey, verify: check } = await publicKeys(alg);
      expect(await check(await sign(alg, privateKey))).toMatchObject({ namespace: "tenant-a" });
      const { privateKey: other } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
      expect(await check(await sign("RS256", other))).toBeUndefined();
    },
  );

  test("whose algorithm is none, or was swapped for the public key as a secret, is nobody's", async () => {
    const { publicKey, verify: check } = await publicKeys("RS256");
    const none = new UnsecuredJWT({ iss: base.issuer, aud: base.audience, sub: "x", ...claims });
    const unsigned = none.setExpirationTime(2_000).encode();
    expect(await check(unsigned)).toBeUndefined();
    expect(await verify(unsigned)).toBeUndefined();
    const spki = new TextEncoder().encode(await exportSPKI(publicKey));
    expect(await check(await sign("HS256", spki))).toBeUndefined();
    expect(await verify(await sign("HS512", bytes))).toBeUndefined();
  });

  test.each<[string, JWTPayload]>([
    ["another issuer", { ...claims, iss: "https://evil.example" }],
    ["another audience", { ...claims, aud: "other" }],
    ["no role", { ns: "tenant-a" }],
    ["a role that is none", { ns: "tenant-a", role: "root" }],
    ["no namespace", { role: "client" }],
    ["every namespace without being an admin", { ns: "*", role: "operator" }],
    ["an end in the past", { ...claims, exp: 999 }],
  ])("with %s is nobody's", async (_, payload) => {
    expect(await verify(await sign("HS256", bytes, payload))).toBeUndefined();
  });

  test("without an end is nobody's", async () => {
    const token = await new SignJWT({ iss: base.issuer, aud: base.audience, sub: "x", ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(bytes);
    expect(await verify(token)).toBeUndefined();
  });

  test("for the system's namespace is refused by the server", async () => {
    await using rig = await Rig.open({ jwt: config });
    const soon = Math.floor(Date.now() / 1_000) + 60;
    const good = await sign("HS256", bytes, { ...claims, exp: soon });
    const asked = await rig.call("server.whoami", { key: good });
    expect(asked.body).toMatchObject({ by: "jwt:user-7", namespace: "tenant-a" });
    const system = await sign("HS256", bytes, { ns: "$perdure", role: "admin", exp: soon });
    expect((await rig.call("server.whoami", { key: system })).status).toBe(401);
  });
});
