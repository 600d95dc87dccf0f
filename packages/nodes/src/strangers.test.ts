import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { tlsOf, type NodeCertificates } from "./access.ts";
import { hostPortOf } from "./address.ts";
import { frameHead } from "./frames.ts";
import { hello, knock, Place, secret, Tap, type Heard } from "./two-ends.test-support.ts";

async function isRefused(from: Place, to: Place): Promise<boolean> {
  const heard: Heard = from.connect(to.record);
  heard.socket.send(hello);
  await heard.until(({ closings, messages }) => closings + messages.length > 0);
  return heard.messages.length === 0 && to.came.length === 0;
}

async function isWelcome(from: Place, to: Place): Promise<boolean> {
  const { near, far } = await from.pair(to);
  near.socket.close();
  await far.until(({ closings }) => closings > 0);
  return true;
}

describe("a cluster's secret", () => {
  test("lets in whoever has it, and nobody else", async () => {
    await using a = await Place.open();
    await using stranger = await Place.open({ access: { secret: `not-${secret}` } });
    await using b = await Place.open();
    expect(await isRefused(stranger, b)).toBe(true);
    expect(await isRefused(b, stranger)).toBe(true);
    expect(await isWelcome(a, b)).toBe(true);
    expect(b.logged).toContain("a node and this one do not accept each other");
  });

  test("is changed on a cluster that runs: both are taken, and the first is used", async () => {
    const next = `next-${secret}`;
    await using old = await Place.open();
    await using both = await Place.open({ access: { secret: `${secret}\n${next}\n` } });
    await using turned = await Place.open({ access: { secret: `${next} ${secret}` } });
    await using done = await Place.open({ access: { secret: next } });
    for (const [from, to] of [
      [old, both],
      [both, old],
      [both, turned],
      [turned, both],
      [turned, done],
      [done, turned],
    ] as const) {
      expect(await isWelcome(from, to)).toBe(true);
    }
    expect(await isRefused(old, done)).toBe(true);
  });

  test.each(["", "  ", "short", `${secret} short`, "x".repeat(31)])("is not %j", async (weak) => {
    await expect(Place.open({ access: { secret: weak } })).rejects.toThrow(/32 characters/);
  });

  test("may be as short as it may be", async () => {
    await using place = await Place.open({ access: { secret: "x".repeat(32) } });
    expect(await isWelcome(place, place)).toBe(true);
  });

  test("is not on the wire, and nothing of what is said is", async () => {
    await using a = await Place.open();
    await using b = await Place.open();
    await using tap = await Tap.before(b.network.address);
    const near = a.connect(tap.record);
    near.socket.send({ ...hello, from: "a-name-to-be-looked-for" } as typeof hello);
    await (await b.next()).until(({ messages }) => messages.length > 0);
    const said = Buffer.concat(tap.said);
    expect(said.includes("perdure-node/1")).toBe(true);
    expect(said.includes(secret)).toBe(false);
    expect(said.includes("looked-for")).toBe(false);
  });

  test("what was overheard and is said again brings nobody in", async () => {
    await using a = await Place.open();
    await using b = await Place.open();
    await using tap = await Tap.before(b.network.address);
    const near = a.connect(tap.record);
    near.socket.send(hello);
    await (await b.next()).until(({ messages }) => messages.length > 0);
    const before = b.logged.length;
    await knock(b.network.address, (socket) => void socket.end(Buffer.concat(tap.said)));
    expect(b.came).toEqual([]);
    expect(b.logged.length).toBeGreaterThan(before);
  });
});

describe("a stranger", () => {
  test.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["zeros", Buffer.alloc(100_000)],
    ["a hello without TLS", Buffer.concat([frameHead(3), Buffer.from("abc")])],
    ["a record of TLS that never ends", Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff])],
  ])("who says %s is sent away, and nobody hears of him", async (_, bytes) => {
    await using b = await Place.open({ limits: { handshakeMs: 200 } });
    const { bytes: answered } = await knock(b.network.address, (socket) => {
      socket.write(bytes);
    });
    expect(answered).toBeLessThan(100);
    expect(b.came).toEqual([]);
  });

  test("who says nothing, or a byte at a time, is sent away when his time is up", async () => {
    await using b = await Place.open({ limits: { handshakeMs: 100 } });
    await knock(b.network.address, () => undefined);
    await knock(b.network.address, (socket) => {
      const drip = setInterval(() => socket.write(Buffer.of(0x16)), 20);
      socket.on("close", () => clearInterval(drip));
    });
    expect(b.came).toEqual([]);
  });

  test("is one of so many who may be tried at a time, and the next is sent away", async () => {
    await using a = await Place.open();
    await using b = await Place.open({ limits: { handshakes: 3, handshakeMs: 60_000 } });
    const waiting: (() => void)[] = [];
    const knocks = [1, 2, 3].map(async () => {
      await knock(b.network.address, (socket) => void waiting.push(() => socket.destroy()));
    });
    while (waiting.length < 3) await new Promise((resolve) => void setImmediate(resolve));
    await knock(b.network.address, () => undefined);
    for (const leave of waiting) leave();
    await Promise.all(knocks);
    expect(await isWelcome(a, b)).toBe(true);
  });

  test("fills no log, however often he comes", async () => {
    await using b = await Place.open();
    for (let i = 0; i < 20; i++) {
      await knock(b.network.address, (socket) => void socket.end("who is there?"));
    }
    expect(b.logged).toHaveLength(1);
  });
});

describe("whoever has the secret", () => {
  test.each([
    ["a greeting that is too long", [frameHead(4_097)]],
    ["what is no message", [frameHead(3), Buffer.from("abc")]],
    ["half of one, and goes", [frameHead(100), Buffer.from([0x91])]],
  ])("and says %s is let go", async (_, said) => {
    await using b = await Place.open();
    const at = hostPortOf(b.network.address, "address");
    const socket = connectTls({ ...tlsOf({ secret }).client(at), ...at });
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => void socket.on("secureConnect", resolve));
    const heard = await b.next();
    socket.write(Buffer.concat(said));
    if (said.length === 2 && said[0]?.[3] === 100) socket.end();
    await heard.until(({ closings }) => closings > 0);
    expect(heard.messages).toEqual([]);
    socket.destroy();
  });

  test("and speaks another way of framing is not understood, and hears so", async () => {
    await using b = await Place.open();
    const at = hostPortOf(b.network.address, "address");
    const options = { ...tlsOf({ secret }).client(at), ALPNProtocols: ["perdure-node/0"], ...at };
    const code = await new Promise((resolve) => {
      connectTls(options).on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(code).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
  });
});

describe("certificates of the cluster's authority", () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-nodes-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void =>
    void execFileSync("openssl", [...args], { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

  function authority(name: string): string {
    const out = ["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)];
    openssl("req", "-x509", ...key, ...out, "-subj", `/CN=${name}`);
    return name;
  }

  function certificate(name: string, ca: string, host = "IP:127.0.0.1"): NodeCertificates {
    const [certFile, keyFile, request] = ["crt", "key", "csr"].map((end) => file(`${name}.${end}`));
    openssl("req", ...key, "-keyout", keyFile!, "-out", request!, "-subj", `/CN=${name}`);
    writeFileSync(file("ext"), `subjectAltName=${host}`);
    const signer = ["-CA", file(`${ca}.crt`), "-CAkey", file(`${ca}.key`), "-CAcreateserial"];
    const out = ["-out", certFile!, "-days", "2", "-extfile", file("ext")];
    openssl("x509", "-req", "-in", request!, ...signer, ...out);
    return { certFile: certFile!, keyFile: keyFile!, caFile: file(`${ca}.crt`) };
  }

  test("let in whoever has one for the address that is dialled, and nobody else", async () => {
    const [ca, other] = [authority("ca"), authority("other")];
    await using a = await Place.open({ access: { tls: certificate("a", ca) } });
    await using b = await Place.open({ access: { tls: certificate("b", ca) } });
    const foreign = { ...certificate("c", other), caFile: file("ca.crt") };
    await using stranger = await Place.open({ access: { tls: foreign } });
    const misplaced = certificate("d", ca, "DNS:elsewhere.internal");
    await using elsewhere = await Place.open({ access: { tls: misplaced } });
    await using withSecret = await Place.open();
    expect(await isWelcome(a, b)).toBe(true);
    for (const [from, to] of [
      [stranger, b],
      [b, stranger],
      [b, elsewhere],
      [withSecret, b],
      [b, withSecret],
    ] as const) {
      expect(await isRefused(from, to)).toBe(true);
    }
  });

  test("are read again when they are renewed, and one that does not fit changes nothing", async () => {
    const ca = authority("ca2");
    const now = { certFile: file("now.crt"), keyFile: file("now.key"), caFile: file("ca2.crt") };
    const put = ({ certFile, keyFile }: NodeCertificates): void => {
      copyFileSync(certFile, now.certFile);
      copyFileSync(keyFile, now.keyFile);
    };
    put(certificate("e", ca, "DNS:elsewhere.internal"));
    await using a = await Place.open({ access: { tls: certificate("f", ca) } });
    await using b = await Place.open({ access: { tls: now } });
    expect(await isRefused(a, b)).toBe(true);
    put(certificate("g", ca));
    b.network.reloadTls();
    expect(await isWelcome(a, b)).toBe(true);
    writeFileSync(now.keyFile, "no key");
    b.network.reloadTls();
    expect(await isWelcome(a, b)).toBe(true);
  });

  test("that cannot be read are named", async () => {
    const tls = { certFile: file("none.crt"), keyFile: file("none.key"), caFile: file("none") };
    await expect(Place.open({ access: { tls } })).rejects.toThrow(/none\.crt/);
  });
});
