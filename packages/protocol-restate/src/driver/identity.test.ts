import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { systemEnv } from "@perdure/engine";
import { RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";

const pair = generateKeyPairSync("ed25519");
const pem = pair.privateKey.export({ format: "pem", type: "pkcs8" }) as string;

function clocked() {
  const env = { ...systemEnv(), at: 1_800_000_000_000, now: () => env.at };
  return { env, identity: new RequestIdentity(pem, env) };
}

const tokenOf = (headers: Readonly<Record<string, string>>) => headers["x-restate-jwt-v1"]!;

it("signs the path without what comes before it, for a minute", async () => {
  const { env, identity } = clocked();
  const headers = await identity.headers("/some/prefix/invoke/Greeter/greet");
  expect(headers["x-restate-signature-scheme"]).toBe("v1");
  const token = tokenOf(headers);
  const second = env.at / 1_000;
  const key = await importJWK({ ...pair.publicKey.export({ format: "jwk" }), alg: "EdDSA" });
  await jwtVerify(token, key, { currentDate: new Date(env.at) });
  expect(decodeProtectedHeader(token)).toEqual({
    typ: "JWT",
    alg: "EdDSA",
    kid: identity.publicKey,
  });
  expect(decodeJwt(token)).toEqual({
    aud: "/invoke/Greeter/greet",
    iat: second,
    nbf: second - 60,
    exp: second + 60,
  });
  expect(decodeJwt(tokenOf(await identity.headers("/p/discover"))).aud).toBe("/discover");
});

it("uses a token again for half of its life, for its own path only", async () => {
  const { env, identity } = clocked();
  const first = await identity.headers("/invoke/A/a");
  env.at += driverLimits.tokenMs - 1;
  expect(await identity.headers("/invoke/A/a")).toEqual(first);
  expect(await identity.headers("/invoke/A/b")).not.toEqual(first);
  env.at += 1;
  expect(await identity.headers("/invoke/A/a")).not.toEqual(first);
});

it("keeps as many tokens as its limit, and makes them anew past it", async () => {
  const { env, identity } = clocked();
  const first = await identity.headers("/invoke/A/0");
  env.at += 1_000;
  for (let n = 1; n < driverLimits.tokens; n++) await identity.headers(`/invoke/A/${n}`);
  expect(await identity.headers("/invoke/A/0")).toEqual(first);
  await identity.headers("/invoke/A/more");
  expect(await identity.headers("/invoke/A/0")).not.toEqual(first);
});

it("takes Ed25519 keys only, and says how to make one", () => {
  const rsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const other = rsa.export({ format: "pem", type: "pkcs8" }) as string;
  for (const text of ["", "nonsense", other]) {
    expect(() => new RequestIdentity(text, systemEnv())).toThrow(/openssl genpkey/);
  }
});
