/** `push.list`, `push.put`, `push.delete`, `push.rotate`. */
import { PerdureError } from "@perdure/kernel";
import * as z from "zod";
import { jsonRoute, silentRoute, type Route } from "../../http/route.ts";
import { serverLimits } from "../../limits.ts";
import { ms, name, text } from "../../routes/schemas/basics.ts";
import type { PushEndpoints } from "./push-endpoints.ts";

const MAX_HEADERS = 20;
/** Ours, and those that say where a message begins and ends. */
const reserved =
  /^(host|connection|content-|transfer-encoding|upgrade|te|trailer|expect|keep-alive|perdure-|proxy-)/i;

const header = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, "is not a header's name")
  .refine((field) => !reserved.test(field), "is a header that the server sets itself");

const headers = z
  .record(
    header,
    z
      .string()
      .max(2_048)
      .regex(/^[\x20-\x7e]*$/, "is not a header's value"),
  )
  .refine((fields) => Object.keys(fields).length <= MAX_HEADERS, `has more than ${MAX_HEADERS}`);

const body = z.strictObject({
  url: text(2_048),
  queues: z.array(name).min(1).max(100).exactOptional(),
  concurrency: z.int().min(1).max(serverLimits.pushConcurrency).exactOptional(),
  version: name.exactOptional(),
  headers: headers.exactOptional(),
  insecure: z.boolean().exactOptional(),
});

const queue = z.object({ name, workflows: z.array(name), tasks: z.array(name) });

const endpoint = z
  .object({
    id: name,
    namespace: name,
    url: z.string(),
    queues: z.array(name).exactOptional(),
    concurrency: z.int(),
    version: name.exactOptional(),
    headerNames: z.array(z.string()),
    kid: z.string(),
    nextKid: z.string().exactOptional(),
    createdAt: ms,
    rotatedAt: ms.exactOptional(),
    isServing: z.boolean(),
    circuit: z.object({
      state: z.enum(["closed", "open", "trying"]),
      failures: z.int(),
      lastError: z.string().exactOptional(),
      failedAt: ms.exactOptional(),
    }),
    description: z
      .object({ sdk: z.string(), version: name.exactOptional(), queues: z.array(queue) })
      .exactOptional(),
    describeError: z.string().exactOptional(),
  })
  .meta({ id: "PushEndpoint" });

const withKey = z.object({ endpoint, key: z.string().exactOptional() });

export function pushRoutes(endpoints: PushEndpoints): readonly Route[] {
  return [
    jsonRoute({
      operation: "push.list",
      summary: "Lists push endpoints and how they are",
      answer: z.object({ endpoints: z.array(endpoint) }),
      handle: async ({ caller }) => ({ endpoints: await endpoints.listAll(caller.namespace) }),
    }),
    jsonRoute({
      operation: "push.put",
      summary: "Adds a push endpoint or changes it",
      description: "The key of a new endpoint is in the answer, and is not shown again.",
      body,
      example: { url: "https://app.example/perdure", concurrency: 32 },
      answer: withKey,
      handle: async ({ caller, params, body: wanted }) =>
        endpoints.put(caller.namespace, checkId(params.endpointId), wanted),
    }),
    silentRoute({
      operation: "push.delete",
      summary: "Deletes a push endpoint",
      description: "Exchanges in progress get a few seconds to end.",
      handle: async ({ caller, params }) => endpoints.delete(caller.namespace, params.endpointId),
    }),
    jsonRoute({
      operation: "push.rotate",
      summary: "Makes a new key for a push endpoint",
      description:
        "It takes over by itself once the app knows it. With `immediate`, for a key that has leaked, the old one is not used any more from now on.",
      body: z.strictObject({ immediate: z.boolean().exactOptional() }),
      example: {},
      answer: withKey,
      handle: async ({ caller, params, body: { immediate = false } }) =>
        endpoints.rotate(caller.namespace, params.endpointId, immediate),
    }),
  ];
}

function checkId(id: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return id;
  const advice = "A push endpoint's id is 1 to 64 letters, digits, _ and -.";
  throw new PerdureError("invalid-argument", advice);
}
