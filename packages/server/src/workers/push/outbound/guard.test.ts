import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Agent, request } from "undici";
import { Allowed, forbiddenKind } from "./addresses.ts";
import { NotConnected, OutboundGuard, type OutboundOptions } from "./guard.ts";

const servers: Server[] = [];
const agents: Agent[] = [];

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.destroy()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function target(): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.headers.host} ${incoming.url}`);
    response.writeHead(incoming.url === "/go" ? 302 : 200, { location: "/elsewhere" }).end("here");
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, seen };
}

function guarded(options: Partial<OutboundOptions> = {}) {
  const guard = new OutboundGuard({ connectMs: 2_000, ...options });
  const agent = new Agent({ connect: guard.connect });
  agents.push(agent);
  const post = async (url: string) => {
    const { statusCode, body } = await request(url, { method: "POST", dispatcher: agent });
    await body.dump();
    return statusCode;
  };
  return { guard, post };
}

const forbidden = [
  "0.0.0.0",
  "10.0.0.1",
  "100.64.0.1",
  "100.100.100.200",
  "127.0.0.1",
  "127.8.9.1",
  "168.63.129.16",
  "169.254.169.254",
  "172.16.0.1",
  "192.168.1.1",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:a00:1",
  "64:ff9b::a00:1",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2002:a00:1::",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fec0::1",
  "ff02::1",
] as const;

describe("the outbound guard (T12)", () => {
  it.each(forbidden)("forbids %s, in a URL and behind a name", async (address) => {
    expect(forbiddenKind(address)).toBeDefined();
    const host = address.includes(":") ? `[${address}]` : address;
    const { guard, post } = guarded({ resolve: async () => [address] });
    expect(() => guard.check(`https://${host}/perdure`)).toThrow(/not a public host/);
    await expect(post(`https://${host}:1/`)).rejects.toMatchObject({ isForbidden: true });
    await expect(post("https://app.example/")).rejects.toMatchObject({ isForbidden: true });
  });

  it.each(["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])(
    "lets %s pass",
    (address) => {
      expect(forbiddenKind(address)).toBeUndefined();
    },
  );

  it.each([
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::ffff:7f00:1]/",
    "https://localhost/",
    "https://a.localhost/",
    "https://127.0.0.1./",
  ])("sees through %s", (url) => {
    expect(() => guarded().guard.check(url)).toThrow(/not a public host/);
  });

  it.each([
    ["ftp://app.example/", /neither http/],
    ["file:///etc/passwd", /neither http/],
    ["nonsense", /no URL/],
    ["https://user@app.example/", /user name/],
    ["https://:pw@app.example/", /password/],
    ["https://app.example/#part", /fragment/],
    ["https://app.example:22/", /port 22/],
    ["https://app.example:6667/", /port 6667/],
    ["https://app.example:1023/", /port 1023/],
    ["http://8.8.8.8/", /use https/],
  ])("refuses %s", (url, reason) => {
    expect(() => guarded().guard.check(url)).toThrow(reason);
  });

  it.each(["https://app.example/a?b=c", "https://app.example:1024/", "http://app.example:80/"])(
    "takes %s, and judges its address when it is dialled",
    (url) => {
      expect(guarded().guard.check(url).href).toBe(url.replace(":80", ""));
    },
  );

  it("refuses plain http to a public address that a name resolves to", async () => {
    const { post } = guarded({ resolve: async () => ["8.8.8.8"] });
    await expect(post("http://app.example/")).rejects.toThrow(/use https/);
  });

  it("judges the address at every connection: a name that moves to loopback is not followed", async () => {
    const { port, seen } = await target();
    let answers = ["127.0.0.1"];
    const allowed = guarded({ resolve: async () => answers, allow: ["127.0.0.1"] });
    expect(await allowed.post(`http://app.example:${port}/`)).toBe(200);
    answers = ["10.0.0.1"];
    const moved = guarded({ resolve: async () => answers, allow: ["127.0.0.1"] });
    await expect(moved.post(`http://app.example:${port}/`)).rejects.toBeInstanceOf(NotConnected);
    let asked = 0;
    const rebinding = guarded({
      resolve: async () => (asked++ === 0 ? ["10.0.0.1"] : ["127.0.0.1"]),
    });
    await expect(rebinding.post(`http://app.example:${port}/`)).rejects.toThrow(/10\.0\.0\.1/);
    await expect(rebinding.post(`http://app.example:${port}/`)).rejects.toThrow(/loopback/);
    expect(seen).toEqual([`app.example:${port} /`]);
  });

  it("dials the address it has judged: the name is asked once", async () => {
    const { port } = await target();
    let asked = 0;
    const { post } = guarded({
      allow: ["127.0.0.1"],
      resolve: async () => (asked++ === 0 ? ["127.0.0.1"] : ["203.0.113.1"]),
    });
    expect(await post(`http://app.example:${port}/`)).toBe(200);
    expect(asked).toBe(1);
  });

  it("passes over forbidden addresses of a name that also has good ones", async () => {
    const { port } = await target();
    const resolve = async () => ["10.0.0.1", "127.0.0.1"];
    const { post } = guarded({ allow: ["127.0.0.1"], resolve });
    expect(await post(`http://app.example:${port}/`)).toBe(200);
  });

  it("follows no redirect", async () => {
    const { port, seen } = await target();
    const { post } = guarded({ allow: ["127.0.0.0/8"] });
    expect(await post(`http://127.0.0.1:${port}/go`)).toBe(302);
    expect(seen).toHaveLength(1);
  });

  it("says that nobody was reached when nobody listens or the name is unknown", async () => {
    const { post } = guarded({ allow: ["127.0.0.1"], resolve: async () => [] });
    await expect(post("http://127.0.0.1:1/")).rejects.toMatchObject({ isForbidden: false });
    await expect(post("https://app.example/")).rejects.toThrow(/no address/);
  });
});

describe("what an operator allows", () => {
  it("is an address, a network or a name, and nothing beside it", () => {
    const allowed = new Allowed(
      ["10.1.0.0/16", "127.0.0.1", "FD00::/8", "App.Internal"],
      "push.allow",
    );
    expect(
      ["10.1.255.255", "::ffff:10.1.0.1", "127.0.0.1", "fd12::1"].map((one) =>
        allowed.address(one),
      ),
    ).toEqual([true, true, true, true]);
    expect(["10.2.0.0", "127.0.0.2", "fe80::1"].map((one) => allowed.address(one))).toEqual([
      false,
      false,
      false,
    ]);
    expect(allowed.name("app.internal")).toBe(true);
    expect(allowed.name("x.app.internal")).toBe(false);
  });

  it.each(["10.0.0.0/33", "10.0.0.0/x", "::/129", "a b", "10.0.0.0/8/8", ""])(
    "is refused: %j",
    (entry) => {
      expect(() => new Allowed([entry], "push.allow")).toThrow(/push\.allow/);
    },
  );
});
