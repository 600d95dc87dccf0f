import { systemEnv } from "@perdure/engine";
import { afterEach, describe, expect, it } from "vitest";
import type { Deployment } from "../deployments/deployment.ts";
import { anyAddress, http2Endpoint, type TestEndpoint } from "./http/endpoints.test-support.ts";
import { driverLimits } from "./limits.ts";
import { preview } from "./preview.ts";

describe("a value as its endpoint shows it", () => {
  const open: TestEndpoint[] = [];
  afterEach(() => {
    for (const endpoint of open.splice(0)) endpoint.close();
  });

  async function deployed(answer: (path: string, body: string) => [number, Uint8Array]) {
    const endpoint = await http2Endpoint((stream, headers) => {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => {
        const [status, body] = answer(String(headers[":path"]), Buffer.concat(pieces).toString());
        stream.respond({ ":status": status, "content-type": "application/json" });
        stream.end(body);
      });
    });
    open.push(endpoint);
    return { uri: endpoint.url.href, additionalHeaders: {}, useHttp11: false } as Deployment;
  }

  const parts = { env: systemEnv(), guard: anyAddress };
  const ask = (deployment: Deployment, serde = "own/1") => {
    const body = new TextEncoder().encode("raw");
    const what = { service: "Greeter", operation: "decode", serde, body } as const;
    return preview({ deployment, ...what }, parts);
  };

  it("is asked for by service, direction and the serializer's name", async () => {
    const deployment = await deployed((path, body) => [200, Buffer.from(`${path} ${body}`)]);
    const { contentType, body } = await ask(deployment);
    expect(contentType).toBe("application/json");
    expect(Buffer.from(body).toString()).toBe("/serdes/Greeter/decode/own/1 raw");
  });

  it("leads to no other path of the endpoint (T6)", async () => {
    const deployment = await deployed(() => [200, Buffer.from("reached")]);
    for (const serde of ["../../invoke/Greeter/greet", "a/./b", "a//b", ""]) {
      await expect(ask(deployment, serde)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  it("is none where the endpoint has no such serializer", async () => {
    const deployment = await deployed(() => [404, Buffer.from("no such serde")]);
    await expect(ask(deployment)).rejects.toThrow(/404.*no such serde/);
  });

  it("has as many bytes as the limit says, and not one more", async () => {
    let bytes = driverLimits.previewBytes;
    const deployment = await deployed(() => [200, new Uint8Array(bytes)]);
    expect((await ask(deployment)).body).toHaveLength(bytes);
    bytes += 1;
    await expect(ask(deployment)).rejects.toThrow(/more than/);
  });
});
