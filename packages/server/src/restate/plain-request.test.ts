import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlainRequest } from "./plain-request.ts";

const server = createServer();
let port: number;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

type Pair = [IncomingMessage, ServerResponse];

async function bytesOf({ body }: PlainRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (body !== null) for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("has what came: method, address, fields, body", async () => {
  const came = once(server, "request") as Promise<Pair>;
  const sent = fetch(`http://127.0.0.1:${port}/a%2Fb?c=1`, {
    method: "POST",
    body: "hello",
    headers: { "x-mine": "yes", "content-type": "text/plain" },
  });
  const [incoming, outgoing] = await came;
  const plain = new PlainRequest(incoming, outgoing);
  expect(plain.method).toBe("POST");
  expect(new URL(plain.url).pathname + new URL(plain.url).search).toBe("/a%2Fb?c=1");
  expect(plain.headers.get("x-mine")).toBe("yes");
  expect(plain.headers.get("x-other")).toBeNull();
  expect([...plain.headers]).toContainEqual(["content-type", "text/plain"]);
  expect((await bytesOf(plain)).toString()).toBe("hello");
  outgoing.end();
  await sent;
});

test("has no body where none came, and says when its client has gone, not when it was answered", async () => {
  const came = once(server, "request") as Promise<Pair>;
  const client = request({ port, host: "127.0.0.1", method: "POST", path: "/", agent: false });
  client.on("error", () => undefined);
  client.setHeader("content-length", "0");
  client.end();
  const [incoming, outgoing] = await came;
  const gone = new PlainRequest(incoming, outgoing);
  expect(gone.body).toBeNull();
  const { signal } = gone;
  expect(signal.aborted).toBe(false);
  client.destroy();
  await once(signal, "abort");

  const next = once(server, "request") as Promise<Pair>;
  const sent = fetch(`http://127.0.0.1:${port}/`);
  const [other, answer] = await next;
  const answered = new PlainRequest(other, answer);
  const { signal: stays } = answered;
  answer.end("done");
  await (await sent).text();
  if (!answer.closed) await once(answer, "close");
  expect(stays.aborted).toBe(false);
});
