import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { workflow } from "perdure";
import {
  forEvents,
  forFetch,
  forHono,
  forLambda,
  forNext,
  forReactRouter,
  pushHandler,
  toNodeListener,
  type PushHandler,
} from "perdure/push";
import { expect, it } from "vitest";
import { PushRig, until } from "./push.test-support.ts";

const parcel = workflow({ name: "parcel" }, async (ctx, to: string) => {
  const label = await ctx.step("label", async () => `to ${to}`);
  return ctx.step("ship", () => `${label}: shipped`);
});

type Serve = (handler: PushHandler) => RequestListener;

const frameworks: readonly (readonly [string, Serve])[] = [
  [
    "Hono",
    (handler) => {
      const app = new Hono();
      app.on(["GET", "POST"], "/perdure", forHono(handler));
      return web((request) => app.fetch(request));
    },
  ],
  [
    "Express",
    (handler) => {
      const app = express();
      app.use("/perdure", toNodeListener(handler));
      return app as RequestListener;
    },
  ],
  [
    "Express behind a parser of raw bodies",
    (handler) => {
      const app = express();
      app.use(express.raw({ type: () => true, limit: "64mb" }));
      app.use("/perdure", toNodeListener(handler));
      return app as RequestListener;
    },
  ],
  ["Next.js", (handler) => web(forNext(handler).POST)],
  ["SvelteKit and Astro", (handler) => web((request) => forEvents(handler).POST({ request }))],
  ["React Router", (handler) => web((request) => forReactRouter(handler).action({ request }))],
  ["Bun, Deno and Cloudflare Workers", (handler) => web(forFetch(handler).fetch)],
  ["AWS Lambda", (handler) => lambda(handler)],
];

it.each(frameworks)("an app of %s runs workflows", async (_, serve) => {
  await using rig = await PushRig.open();
  let listener: RequestListener = (_request, response) => void response.writeHead(503).end();
  const app = await rig.app((request, response) => listener(request, response));
  const { key = "" } = await rig.push.put("default", "app", { url: app.url });
  listener = serve(pushHandler({ workflows: [parcel], keys: key, log: () => undefined }));
  await rig.push.put("default", "app", { url: app.url });
  await until(() => rig.push.list("default")[0]?.isServing === true);
  expect(await rig.output(await rig.startRun("parcel", "Ada"))).toBe("to Ada: shipped");
});

it("a person with a browser is told what the address is, and other methods are refused", async () => {
  const handler = pushHandler({ workflows: [], insecure: true, log: () => undefined });
  const seen = await handler(new Request("http://localhost/perdure"));
  expect([seen.status, await seen.text()]).toEqual([200, expect.stringMatching(/push endpoint/)]);
  const put = await handler(new Request("http://localhost/perdure", { method: "PUT" }));
  expect(put.status).toBe(405);
});

it("a handler without a key is not made, and a request without a signature is refused (T11)", async () => {
  expect(() => pushHandler({ workflows: [] })).toThrow(/would obey anybody/);
  const key = `pdp_k_${"1".repeat(64)}`;
  expect(() => pushHandler({ keys: key, insecure: true })).toThrow(/not both/);
  const handler = pushHandler({ keys: key, log: () => undefined });
  const unsigned = await handler(
    new Request("https://app.example/", { method: "POST", body: "x" }),
  );
  expect(unsigned.status).toBe(401);
  const open = pushHandler({ insecure: true, log: () => undefined });
  const remote = await open(new Request("https://app.example/", { method: "POST", body: "x" }));
  expect(remote.status).toBe(403);
  const local = new Request("http://localhost/", { method: "POST", body: "x" });
  expect((await open.from(local, { peer: "192.0.2.1" })).status).toBe(403);
});

function web(answer: (request: Request) => Response | Promise<Response>): RequestListener {
  const listener = getRequestListener(answer);
  return (request, response) => void listener(request, response);
}

/** What a function URL does: the whole request in an event, the whole answer from its result. */
function lambda(handler: PushHandler): RequestListener {
  const invoke = forLambda(handler);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const result = await invoke({
      rawPath: request.url ?? "/",
      headers: request.headers as Record<string, string>,
      body: (await buffer(request)).toString("base64"),
      isBase64Encoded: true,
      requestContext: { http: { method: request.method ?? "POST" } },
    });
    response.writeHead(result.statusCode, result.headers);
    response.end(Buffer.from(result.body, "base64"));
  };
  return (request, response) => void answer(request, response);
}
