/** `workers.*`; the stream itself is an upgrade, and the route says so to whoever does not ask for one. */
import { PerdureError } from "@perdure/kernel";
import * as z from "zod";
import { jsonRoute, type Route } from "../http/route.ts";

const worker = z
  .looseObject({
    id: z.string(),
    queues: z.array(z.looseObject({ name: z.string() })),
    phase: z.enum(["open", "draining", "lost"]),
    holds: z.int(),
    tasks: z.int(),
    seenAt: z.number(),
    registeredAt: z.number(),
    version: z.string().exactOptional(),
    versioning: z.enum(["move", "pin", "pinned"]),
    labels: z.record(z.string(), z.string()),
  })
  .meta({ id: "Worker" });

const openRuns = z
  .strictObject({ workflow: z.string(), version: z.string().exactOptional(), open: z.int() })
  .meta({ id: "OpenRuns" });

export const workerRoutes: readonly Route[] = [
  jsonRoute({
    operation: "workers.list",
    summary: "The workers of the namespace, and those that were lost of late",
    answer: z.strictObject({ workers: z.array(worker) }),
    handle: async ({ engine, caller: { namespace } }) => ({
      workers: await engine.workers(namespace),
    }),
  }),
  jsonRoute({
    operation: "workers.versions",
    summary: "Open runs by the version of their code",
    answer: z.strictObject({ versions: z.array(openRuns) }),
    handle: async ({ engine, caller: { namespace } }) => ({
      versions: await engine.versions(namespace),
    }),
  }),
  jsonRoute({
    operation: "workers.stream",
    summary: "Workers' WebSocket",
    description: "A request without an upgrade is refused. The protocol is in `@perdure/wire`.",
    answer: z.never(),
    handle: async () => {
      const text = "This address takes a WebSocket: connect with a worker of the SDK.";
      throw new PerdureError("invalid-argument", text);
    },
  }),
];
