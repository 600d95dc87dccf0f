import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "./config.ts";
import { describeConfig } from "./describe.ts";
import { checkConfig, loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const name = join(folder, `${files++}.jsonc`);
  writeFileSync(name, text);
  return name;
}

const secret = `pdk_0123456789abcdef_${"A".repeat(43)}`;

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    return (error as { detail: { problems: string[] } }).detail.problems;
  }
  return [];
}

describe("a configuration", () => {
  test("has a default for everything", () => {
    const { config } = loadConfig({});
    expect(config).toMatchObject({ host: "127.0.0.1", port: 7373, dev: false, insecure: false });
    expect(config.limits.connections).toBe(10_000);
  });

  test("takes flags over environment over file over defaults", () => {
    const text = '{ // with comments\n "port": 1, "host": "::1", "audit": { "keep": 3 }, }';
    const loaded = loadConfig({
      file: file(text),
      env: { PERDURE_PORT: "2", PERDURE_AUDIT_MAX_BYTES: "9999", PERDURE_ALLOWED_HOSTS: "a, b" },
      flags: { port: 3 },
    });
    expect(loaded.config).toMatchObject({
      port: 3,
      host: "::1",
      audit: { keep: 3, maxBytes: 9_999 },
      allowedHosts: ["a", "b"],
    });
    expect(loaded.sources).toMatchObject({
      port: "flag",
      host: "file",
      "audit.maxBytes": "environment",
    });
  });

  test("has Restate's doors closed, and a key of theirs in a file", () => {
    expect(loadConfig({}).config.restate).toEqual({
      enabled: false,
      ingressPort: 8080,
      adminPort: 9070,
      allowedOrigins: [],
      allow: [],
      namespace: "default",
    });
    const key = file("-----BEGIN PRIVATE KEY-----");
    const env = {
      PERDURE_RESTATE_ENABLED: "true",
      PERDURE_RESTATE_IDENTITY_KEY_FILE: key,
      PERDURE_RESTATE_ALLOW: "10.0.0.0/8, app.internal",
    };
    const loaded = loadConfig({ env, flags: { restate: { adminPort: 1 } } });
    expect(loaded.config.restate).toMatchObject({
      enabled: true,
      adminPort: 1,
      identityKey: "-----BEGIN PRIVATE KEY-----",
      allow: ["10.0.0.0/8", "app.internal"],
    });
    expect(describeConfig(loaded).find(({ name }) => name === "restate.identityKey")).toMatchObject(
      {
        source: "environment",
        value: "(set, not shown)",
      },
    );
  });

  test("says everything that is wrong at once, with what was meant", () => {
    const problems = problemsOf(() =>
      loadConfig({
        file: file('{ "prot": 7373, "limits": { "conections": 1 }, "tls": { "certFile": "c" } }'),
        env: { PERDURE_PORT: "many", PERDURE_INSECURE: "perhaps" },
      }),
    );
    expect(problems.join("\n")).toContain("did you mean port?");
    expect(problems.join("\n")).toContain("did you mean limits.connections?");
    expect(problems.join("\n")).toContain("PERDURE_PORT");
    expect(problems.join("\n")).toContain("PERDURE_INSECURE");
  });

  test("finds what does not go together", () => {
    const jwt = { issuer: "i", audience: "a", secret: "s".repeat(32) };
    const shared = "postgres://db/app";
    const tls = { certFile: "c", keyFile: "k", caFile: "a" };
    const wrong: readonly (readonly [string, ConfigInput])[] = [
      ["tls.certFile", { tls: { certFile: "c" } }],
      ["loopback only", { insecure: true, host: "0.0.0.0" }],
      ["loopback only", { dev: true, host: "10.0.0.1" }],
      ["node.secret, or node.tls", { store: shared, node: { listen: "127.0.0.1:1" } }],
      ["not both", { store: shared, node: { listen: "127.0.0.1:1", secret: "s".repeat(32), tls } }],
      ["all three or none", { store: shared, node: { tls: { certFile: "c" } } }],
      ["node.listen is missing", { store: shared, node: { secret: "s".repeat(32) } }],
      ["that servers share", { node: { listen: "127.0.0.1:1", secret: "s".repeat(32) } }],
      ["three beats", { store: shared, node: { leaseMs: 1_000, beatMs: 400 } }],
      ["only loopback", { insecure: true, restate: { host: "0.0.0.0" } }],
      ["never both", { jwt: { ...jwt, algorithms: ["HS256", "RS256"] } }],
      ["one source", { jwt: { ...jwt, algorithms: ["HS256"], jwksFile: "f" } }],
      ["HS256", { jwt: { ...jwt, algorithms: ["RS256"] } }],
      [
        "jwksUrl",
        { jwt: { issuer: "i", audience: "a", algorithms: ["RS256"], jwksUrl: "http://x" } },
      ],
    ];
    for (const [named, input] of wrong) {
      expect(problemsOf(() => checkConfig(input)).join("\n")).toContain(named);
    }
  });

  test("takes secrets from files, and shows none", () => {
    const name = file(`${secret}\n`);
    const loaded = loadConfig({ env: { PERDURE_ADMIN_KEY_FILE: name } });
    expect(loaded.config.adminKey).toBe(secret);
    const shown = JSON.stringify(describeConfig(loaded));
    expect(shown).not.toContain(secret);
    expect(describeConfig(loaded).find((setting) => setting.name === "adminKey")).toEqual({
      name: "adminKey",
      env: "PERDURE_ADMIN_KEY",
      value: "(set, not shown)",
      source: "environment",
    });
    const inFile = loadConfig({ file: file(JSON.stringify({ adminKeyFile: name })) });
    expect(inFile.config.adminKey).toBe(secret);
  });

  test("shows a store's name without its password", () => {
    const store = "postgres://u:hush@db/app?schema=p,postgres://db2/app?password=hush&schema=p";
    const shown = describeConfig(loadConfig({ flags: { store } }));
    expect(shown.find(({ name }) => name === "store")?.value).toBe(
      "postgres://u:***@db/app?schema=p,postgres://db2/app?password=***&schema=p",
    );
  });

  test("takes the nodes' secret from a file", () => {
    const node = { listen: "127.0.0.1:7400", secretFile: file(`${"s".repeat(40)}\n`) };
    const flags = { store: "postgres://db/app", node } as ConfigInput;
    expect(loadConfig({ flags }).config.node).toMatchObject({ secret: "s".repeat(40) });
  });

  test("takes the address of a store from a file, and shows it without its password", () => {
    const name = file("postgres://perdure:hush@db.internal/app\n");
    const loaded = loadConfig({ env: { PERDURE_STORE_FILE: name } });
    expect(loaded.config.store).toBe("postgres://perdure:hush@db.internal/app");
    expect(loaded.sources).toMatchObject({ store: "environment" });
    expect(JSON.stringify(describeConfig(loaded))).not.toContain("hush");
    expect(loadConfig({ file: file(JSON.stringify({ storeFile: name })) }).config.store).toContain(
      "db.internal",
    );
  });

  test("warns of variables that look like ours", () => {
    expect(loadConfig({ env: { PERDURE_PROT: "1" } }).warnings).toEqual([
      "PERDURE_PROT sets nothing; did you mean PERDURE_PORT?",
    ]);
  });
});

describe("T13: configuration is never code", () => {
  test.each([
    "module.exports = { port: 1 }",
    "export default {}",
    '{ "port": (() => 1)() }',
    '{ "port": process.exit(1) }',
    "`${1}`",
    "!!js/function 'function() {}'",
  ])("%s is refused as text", (text) => {
    expect(problemsOf(() => loadConfig({ file: file(text) }))).not.toEqual([]);
  });

  test("a prototype in a file changes no object", () => {
    problemsOf(() => loadConfig({ file: file('{ "__proto__": { "dev": true }, "port": 0 }') }));
    expect(({} as { dev?: boolean }).dev).toBeUndefined();
    const polluted = '{ "constructor": { "prototype": { "dev": true } } }';
    expect(problemsOf(() => loadConfig({ file: file(polluted) }))).not.toEqual([]);
  });
});
