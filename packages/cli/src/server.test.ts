/** The commands against a real server, as another process would ask it. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type RunningServer } from "@perdure/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { perdureIn, type Answer } from "./cli.test-support.ts";
import type { World } from "./context.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-cli-server-"));
let server: RunningServer;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startServer({ store: "memory:", port: 0, dev: true });
  env = {
    PERDURE_URL: server.url,
    PERDURE_API_KEY: server.devToken ?? "",
    XDG_CONFIG_HOME: folder,
  };
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function ask(words: string | readonly string[], changes: Partial<World> = {}): Promise<Answer> {
  return perdureIn({ env, ...changes }, words);
}

async function secret(role: string): Promise<string> {
  const { out, code } = await ask(["keys", "create", "--role", role, "--name", `for ${role}`]);
  expect(code).toBe(0);
  return out.trim();
}

describe("a server", () => {
  it("takes starts, and answers lists, why and show like an engine at hand", async () => {
    const started = await ask(["runs", "start", "nobody", '{"a":1}', "--key", "k-1", "--json"]);
    const { runId } = JSON.parse(started.out) as { runId: string };
    const list = await ask("runs list");
    expect(list.out).toContain(runId);
    const why = await ask(["why", "--key", "k-1"]);
    expect(why.out).toContain('no worker serves the queue "default"');
    const show = await ask(["runs", "show", runId.slice(0, 13)]);
    expect(show.out).toContain('{"a":1}');
    const cancelled = await ask(["runs", "terminate", "--key", "k-1", "--reason", "enough"]);
    expect(cancelled.code).toBe(0);
    const watched = await ask(["runs", "watch", runId, "--json"]);
    const kinds = watched.out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toEqual(["run.started", "run.terminated"]);
    expect(watched.code).toBe(1);
  });

  it("that is not there is told of at once, with how to start one", async () => {
    const { err, code } = await ask("runs list --server http://127.0.0.1:9");
    expect(code).toBe(5);
    expect(err).toMatch(/no server at http:\/\/127.0.0.1:9 .*\n.*perdure dev/);
  });

  it("of several that are named the first that is there is asked", async () => {
    const several = `http://127.0.0.1:9, ${server.url}`;
    const { code, err } = await ask(["runs", "list", "--server", several], {
      env: { ...env, PERDURE_URL: "" },
    });
    expect({ code, err }).toMatchObject({ code: 0 });
  });

  it("that wants a key is told of, and so is a key that it does not take", async () => {
    const without = await ask("runs list", { env: { ...env, PERDURE_API_KEY: undefined } });
    expect(without).toMatchObject({ code: 6 });
    expect(without.err).toContain("PERDURE_API_KEY");
    const wrong = await ask([
      "runs",
      "list",
      "--api-key",
      `pdk_${"0".repeat(16)}_${"x".repeat(43)}`,
    ]);
    expect(wrong).toMatchObject({ code: 6 });
    expect(wrong.err).toContain("pdk_0000000000000000_…");
    expect(wrong.err).not.toContain("xxx");
  });

  it("refuses what the key's role may not do, and says which may", async () => {
    const viewer = await secret("viewer");
    expect((await ask(["runs", "list", "--api-key", viewer])).code).toBe(0);
    const { err, code } = await ask(["keys", "list", "--api-key", viewer]);
    expect(code).toBe(6);
    expect(err).toContain("admin");
  });

  it("keeps API keys: listed without secrets, rotated, revoked", async () => {
    const key = await secret("operator");
    const id = key.split("_")[1] ?? "";
    const { out } = await ask("keys list");
    expect(out).toContain(id);
    expect(out).not.toContain(key);
    const rotated = await ask(["keys", "rotate", id, "--overlap", "0s"]);
    expect((await ask(["runs", "list", "--api-key", key])).code).toBe(6);
    const next = rotated.out.trim();
    expect((await ask(["runs", "list", "--api-key", next])).code).toBe(0);
    await ask(["keys", "revoke", id]);
    expect((await ask(["runs", "list", "--api-key", next])).code).toBe(6);
    expect((await ask(["keys", "revoke", "0".repeat(16)])).code).toBe(3);
  });

  it("says what it knows of itself", async () => {
    const { out, code } = await ask("doctor --config --limits");
    expect(code).toBe(0);
    expect(out).toContain("versions  perdure");
    expect(out).toMatch(/port +0/);
    expect(out).toContain("Limits: kernel");
  });

  it("is remembered with its key by login, in a file that only its owner reads", async () => {
    const viewer = await secret("viewer");
    const home = { env: { XDG_CONFIG_HOME: folder } };
    const readStdin = () => Promise.resolve(`${viewer}\n`);
    const { code } = await ask(["login", server.url], { ...home, readStdin });
    expect(code).toBe(0);
    const file = join(folder, "perdure", "credentials.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await ask(["runs", "list", "--server", server.url], home)).code).toBe(0);
    await ask(["login", server.url, "--forget"], home);
    expect(readFileSync(file, "utf8")).not.toContain("pdk_");
    expect((await ask(["runs", "list", "--server", server.url], home)).code).toBe(6);
  });

  it("is asked, or a store is opened, never both", async () => {
    const { code, err } = await ask(["runs", "list", "--store", "memory:", "--server", server.url]);
    expect(code).toBe(2);
    expect(err).toContain("one of them");
  });
});

describe("start", { timeout: 30_000 }, () => {
  it("serves until it is told to stop, and then ends well", async () => {
    const stop = new AbortController();
    const served = Promise.withResolvers<string>();
    let out = "";
    const running = perdureIn(
      {
        env: { ...env, PERDURE_ADMIN_KEY: `pdk_${"a".repeat(16)}_${"b".repeat(43)}` },
        interrupted: stop.signal,
        out: (chunk) => {
          out += chunk;
          if (out.includes("\n")) served.resolve(out);
        },
      },
      ["start", "--port", "0", "--store", `sqlite:${join(folder, "start.db")}`, "--json"],
    );
    const { url } = JSON.parse(await served.promise) as { url: string };
    const key = `pdk_${"a".repeat(16)}_${"b".repeat(43)}`;
    expect((await ask(["runs", "list", "--server", url, "--api-key", key])).code).toBe(0);
    const locked = await ask(["runs", "list", "--store", `sqlite:${join(folder, "start.db")}`], {
      env: {},
    });
    expect(locked.code).toBe(5);
    expect(locked.err).toContain("--server");
    stop.abort();
    expect((await running).code).toBe(0);
    const closed = await ask(["runs", "list", "--store", `sqlite:${join(folder, "start.db")}`], {
      env: {},
    });
    expect(closed.code).toBe(0);
    const doctor = await ask(["doctor", "--store", `sqlite:${join(folder, "start.db")}`], {
      env: {},
    });
    expect(doctor).toMatchObject({ code: 0 });
    expect(doctor.out).toContain("the store opens");
  });

  it("opens Restate's doors when it is asked to, and says where they are", async () => {
    const stop = new AbortController();
    const served = Promise.withResolvers<string>();
    let out = "";
    const running = perdureIn(
      {
        env,
        interrupted: stop.signal,
        out: (chunk) => {
          out += chunk;
          if (out.includes("\n")) served.resolve(out);
        },
      },
      [
        ..."start --port 0 --insecure --restate --json --store memory:".split(" "),
        ..."--restate-ingress-port 0 --restate-admin-port 0".split(" "),
      ],
    );
    const { restate } = JSON.parse(await served.promise) as {
      readonly restate: { readonly ingressUrl: string; readonly adminUrl: string };
    };
    const health = await fetch(`${restate.ingressUrl}/restate/health`);
    expect(await health.json()).toEqual({ services: [] });
    expect((await fetch(`${restate.adminUrl}/health`)).status).toBe(200);
    stop.abort();
    expect((await running).code).toBe(0);
  });

  it("refuses settings that are wrong, all of them at once", async () => {
    const { code, err } = await ask("start --port 0 --store nowhere:", {
      env: { PERDURE_GRACE_MS: "soon" },
    });
    expect(code).toBe(2);
    expect(err).toContain("PERDURE_GRACE_MS");
  });

  it("prints every setting and where it comes from", async () => {
    const { out, code } = await ask("start --port 1234 --print");
    expect(code).toBe(0);
    expect(out).toMatch(/port +1234 +flag +PERDURE_PORT/);
  });
});
