import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { MemoryAccessStore } from "./access/access-store.ts";
import { startServer } from "./start.ts";
import { quiet } from "./testing/rig.test-support.ts";

const base = { store: "memory:", port: 0, env: quiet } as const;

/** `fetch` sets Host itself, so this does not use it. */
function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>> }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/whoami`, { headers, agent: false }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("T10: a page in a browser cannot reach a server on this machine", () => {
  test("dev mode needs its token, and looks at Host and Origin", async () => {
    const server = await startServer({ ...base, dev: true });
    const { host, port } = new URL(server.url);
    const authorization = `Bearer ${server.devToken}`;
    const status = async (headers: Readonly<Record<string, string>>) =>
      (await ask(server.url, headers)).status;
    try {
      expect(server.url).toContain("127.0.0.1");
      expect(await status({ authorization })).toBe(200);
      expect(await status({ authorization, host: `localhost:${port}` })).toBe(200);
      expect(await status({})).toBe(401);
      expect(await status({ authorization, host: `evil.example:${port}` })).toBe(403);
      expect(await status({ authorization, host: "127.0.0.1.evil.example" })).toBe(403);
      expect(await status({ authorization, origin: "https://evil.example" })).toBe(403);
      expect(await status({ authorization, origin: "null" })).toBe(403);
      expect(await status({ authorization, origin: `http://${host}` })).toBe(200);
      const answered = await ask(server.url, { authorization, origin: `http://${host}` });
      const cors = Object.keys(answered.headers).filter((name) =>
        name.startsWith("access-control"),
      );
      expect(cors).toEqual([]);
    } finally {
      await server.close();
    }
  });

  test("the token is another one at every start", async () => {
    const first = await startServer({ ...base, dev: true });
    const second = await startServer({ ...base, dev: true });
    await Promise.all([first.close(), second.close()]);
    expect(first.devToken).toMatch(/^pdd_.{43}$/);
    expect(first.devToken).not.toBe(second.devToken);
  });

  test("a body that a form could send is refused", async () => {
    const server = await startServer({ ...base, insecure: true });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const answer = await fetch(`${server.url}/v1/runs`, {
        method: "POST",
        headers: { "content-type": type },
        body: '{"workflow":"x","queue":"q","input":{"value":1}}',
      });
      expect(answer.status).toBe(400);
    }
    await server.close();
  });
});

describe("T11: nothing is off without being asked for", () => {
  test("a server without a key and without other credentials does not start", async () => {
    await expect(startServer({ ...base, access: new MemoryAccessStore() })).rejects.toThrow(
      "Nobody could use this server",
    );
  });

  test("insecure serves loopback only, and doctor says so", async () => {
    await expect(startServer({ ...base, insecure: true, host: "0.0.0.0" })).rejects.toThrow(
      "loopback only",
    );
    const server = await startServer({ ...base, insecure: true });
    const answer = await fetch(`${server.url}/v1/doctor`);
    expect(await answer.text()).toContain("whoever reaches this address may do everything");
    const evil = await ask(server.url, { host: "evil.example" });
    expect(evil.status).toBe(403);
    await server.close();
  });

  test("an admin key of the configuration works, and no other", async () => {
    const adminKey = `pdk_0123456789abcdef_${"B".repeat(43)}`;
    const server = await startServer({ ...base, adminKey, access: new MemoryAccessStore() });
    const status = async (key: string) =>
      (await ask(server.url, { authorization: `Bearer ${key}` })).status;
    expect(await status(adminKey)).toBe(200);
    expect(await status(adminKey.replace("B", "C"))).toBe(401);
    await server.close();
  });
});
