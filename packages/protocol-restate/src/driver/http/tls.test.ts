import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemEnv } from "@perdure/engine";
import { finish, Heard } from "./endpoints.test-support.ts";
import type { Transport } from "./exchange.ts";
import { transportTo } from "./transport.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-tls-"));
const trusted = getCACertificates();
const closing: { close(): void }[] = [];

afterEach(() => {
  setDefaultCACertificates(trusted);
  for (const one of closing.splice(0)) one.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const NAME = "app.example";
let identity: { readonly cert: string; readonly key: string };

beforeAll(() => {
  const [cert, key] = [join(folder, "a.crt"), join(folder, "a.key")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const name = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...curve, ...files, ...name], { stdio: "ignore" });
  identity = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
});

async function listening(server: Pick<Server, "listen" | "address" | "once" | "close">) {
  server.listen(0, "127.0.0.1");
  await once(server as Server, "listening");
  closing.push({ close: () => server.close() });
  return (server.address() as AddressInfo).port;
}

async function secure2(): Promise<number> {
  const server = createSecureServer(identity);
  server.on("session", (session) => {
    session.on("error", () => undefined);
    closing.push({ close: () => session.destroy() });
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 });
    stream.end(headers[":authority"]);
  });
  return listening(server as unknown as Server);
}

async function secure1(): Promise<number> {
  const server = createServer(identity, (request, response) => {
    response.end(request.headers.host);
  });
  server.on("tlsClientError", () => undefined);
  closing.push({ close: () => server.closeAllConnections() });
  return listening(server);
}

function asked(port: number, useHttp11: boolean, host = NAME): Heard {
  const to: Transport = transportTo(
    {
      origin: new URL(`https://${host}:${port}`),
      guard: { addresses: async () => ["127.0.0.1"] },
      env: systemEnv(),
    },
    useHttp11,
  );
  closing.unshift(to);
  const heard = new Heard();
  finish(to.open({ method: "POST", path: "/", headers: {} }, heard));
  return heard;
}

describe.each([
  ["HTTP/2", false, secure2],
  ["HTTP/1.1", true, secure1],
] as const)("%s over TLS", (_, useHttp11, secure) => {
  it("reaches an endpoint whose certificate is its name's", async () => {
    setDefaultCACertificates([identity.cert]);
    const port = await secure();
    const heard = asked(port, useHttp11);
    expect(await heard.done).toBeUndefined();
    expect([heard.status, heard.text]).toEqual([200, `${NAME}:${port}`]);
  });

  it("reaches nobody whose certificate is another's, or of a stranger", async () => {
    const port = await secure();
    expect(await asked(port, useHttp11).done).toMatchObject({ kind: "connect" });
    setDefaultCACertificates([identity.cert]);
    const other = asked(port, useHttp11, "other.example");
    const failure = await other.done;
    expect(failure?.kind).toBe("connect");
    expect(failure?.message).toMatch(/altnames/i);
  });
});

it("says so where an endpoint does not speak HTTP/2 over TLS", async () => {
  setDefaultCACertificates([identity.cert]);
  const failure = await asked(await secure1(), false).done;
  expect(failure?.kind).toBe("protocol");
  expect(failure?.message).toMatch(/register it with use_http_11/);
});
