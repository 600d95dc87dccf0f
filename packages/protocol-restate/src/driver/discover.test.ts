import { createEndpointHandler, object, service } from "@restatedev/restate-sdk";
import { createServer } from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { systemEnv } from "@perdure/engine";
import { discover } from "./discover.ts";
import { anyAddress, http1Endpoint, http2Endpoint } from "./http/endpoints.test-support.ts";
import { RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";

const closing: { close(): void }[] = [];

afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

function opened<C extends { close(): void }>(one: C): C {
  closing.push(one);
  return one;
}

const env = systemEnv();
const parts = { env, guard: anyAddress };
const type = "application/vnd.restate.endpointmanifest.v4+json";

const greeter = service({ name: "Greeter", handlers: { greet: async () => "hello" } });
const counter = object({ name: "Counter", handlers: { add: async () => 1 } });

async function sdk(identityKeys: string[] = []): Promise<string> {
  const server = createServer(
    createEndpointHandler({
      services: [greeter, counter],
      logger: () => undefined,
      ...(identityKeys.length ? { identityKeys } : {}),
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("discovery", () => {
  it("gets the manifest of the unmodified SDK", async () => {
    const found = await discover({ uri: `${await sdk()}/` }, parts);
    expect(found.protocolMode).toBe("BIDI_STREAM");
    expect(found.sdkVersion).toMatch(/^restate-sdk-typescript\//);
    expect(found.manifest).toMatchObject({
      maxProtocolVersion: 7,
      services: [{ name: "Greeter" }, { name: "Counter", ty: "VIRTUAL_OBJECT" }],
    });
  });

  it("is believed by an SDK that knows this server's key, and by it only", async () => {
    const pem = (): string =>
      generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string;
    const identity = new RequestIdentity(pem(), env);
    const uri = await sdk([identity.publicKey]);
    expect((await discover({ uri }, { ...parts, identity })).protocolMode).toBe("BIDI_STREAM");
    await expect(discover({ uri }, parts)).rejects.toThrow(/answered 401.*identity key/);
    const other = new RequestIdentity(pem(), env);
    await expect(discover({ uri }, { ...parts, identity: other })).rejects.toThrow(/401/);
  });

  it("asks for every version of the manifest, under the path and with the headers it is given", async () => {
    const seen: unknown[] = [];
    const endpoint = opened(
      await http2Endpoint((stream, headers) => {
        seen.push([headers[":method"], headers[":path"], headers.accept, headers["x-mine"]]);
        stream.respond({ ":status": 200, "content-type": type });
        stream.end(`{"protocolMode":"REQUEST_RESPONSE"}`);
      }),
    );
    const uri = `${endpoint.url.href}some/prefix/`;
    const found = await discover({ uri, headers: { "x-mine": "1" } }, parts);
    expect(found).toEqual({
      manifest: { protocolMode: "REQUEST_RESPONSE" },
      protocolMode: "REQUEST_RESPONSE",
    });
    const versions = [1, 2, 3, 4].map((v) => type.replace("v4", `v${v}`)).join(", ");
    expect(seen).toEqual([["GET", "/some/prefix/discover", versions, "1"]]);
  });

  it("speaks HTTP/1.1 where it is told to, and says so where it is not", async () => {
    const endpoint = opened(
      await http1Endpoint((_, response) => {
        response.writeHead(200, { "content-type": type }).end("{}");
      }),
    );
    const uri = endpoint.url.href;
    expect((await discover({ uri, useHttp11: true }, parts)).manifest).toEqual({});
    await expect(discover({ uri }, parts)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringMatching(/META0014.*use_http_11/),
    });
  });

  it.each([
    ["is no URL", "nonsense", /META0003.*no http or https URL/],
    ["is of another protocol", "ftp://127.0.0.1/", /META0003/],
    ["has nobody behind it", "http://127.0.0.1:1/", /META0003.*no connection/],
  ])("refuses an address that %s", async (_, uri, message) => {
    await expect(discover({ uri }, parts)).rejects.toThrow(message);
  });

  it.each([
    ["redirects", 302, "", "", /answered 302, and redirects are not followed/],
    ["knows no version", 415, "", "", /META0013.*415/],
    ["is something else", 404, "text/plain", "not here", /answered 404 \(not here\)/],
    ["answers no manifest", 200, "text/html", "<html>", /META0013.*text\/html/],
    ["answers no JSON", 200, type, "{", /META0013.*not JSON/],
  ])("refuses an endpoint that %s", async (_, status, contentType, body, message) => {
    const endpoint = opened(
      await http2Endpoint((stream) => {
        stream.respond({ ":status": status, "content-type": contentType });
        stream.end(body);
      }),
    );
    await expect(discover({ uri: endpoint.url.href }, parts)).rejects.toThrow(message);
  });

  it("takes a manifest of the limit, and none that is a byte longer", async () => {
    let size: number = driverLimits.manifestBytes;
    const endpoint = opened(
      await http2Endpoint((stream) => {
        stream.respond({ ":status": 200, "content-type": type });
        stream.end(`"${"x".repeat(size - 2)}"`);
      }),
    );
    const ask = () => discover({ uri: endpoint.url.href }, parts);
    expect((await ask()).manifest).toHaveLength(size - 2);
    size += 1;
    await expect(ask()).rejects.toThrow(/META0013.*more than/);
  });
});
