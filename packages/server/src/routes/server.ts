/** `server.doctor` and `server.audit`. */
import { PerdureError } from "@perdure/kernel";
import * as z from "zod";
import type { AuditLog } from "../audit/audit-log.ts";
import type { DoctorAnswer } from "../doctor/doctor.ts";
import { jsonRoute, type Route } from "../http/route.ts";
import { count } from "./schemas/basics.ts";

const TAIL = 1_000;

const finding = z.strictObject({
  level: z.enum(["ok", "note", "warning", "problem"]),
  what: z.string(),
  advice: z.string().exactOptional(),
});

const doctor = z
  .looseObject({
    versions: z.record(z.string(), z.string()),
    now: z.number(),
    findings: z.array(finding),
  })
  .meta({ id: "Doctor" });

const auditLine = z
  .looseObject({ at: z.number(), requestId: z.string(), by: z.string(), result: z.string() })
  .meta({ id: "AuditLine" });

const tailQuery: z.ZodType<{ readonly limit: number }> = z.strictObject({
  limit: count(TAIL).default(100),
});

export interface ServerRoutesParts {
  readonly examine: () => Promise<DoctorAnswer>;
  readonly audit: AuditLog;
}

export function serverRoutes({ examine, audit }: ServerRoutesParts): readonly Route[] {
  return [
    jsonRoute({
      operation: "server.calls",
      summary: "Calls of this API over a WebSocket, many at a time",
      description: "A request without an upgrade is refused. The protocol is in `@perdure/wire`.",
      answer: z.never(),
      handle: async () => {
        const text = "This address takes a WebSocket: connect with the SDK, or call over HTTP.";
        throw new PerdureError("invalid-argument", text);
      },
    }),
    jsonRoute({
      operation: "server.doctor",
      summary: "What the server knows of itself, and what is wrong with it",
      answer: doctor,
      plain: true,
      handle: async ({ caller: { anyNamespace } }) => {
        const answer = await examine();
        // The machine and its configuration are for those who run the server.
        return anyNamespace ? answer : forTenant(answer);
      },
    }),
    jsonRoute({
      operation: "server.audit",
      summary: "The last lines of the audit log",
      query: tailQuery,
      answer: z.strictObject({ lines: z.array(auditLine) }),
      plain: true,
      handle: async ({ caller: { anyNamespace, namespace }, query }) => ({
        lines: audit.tail(query.limit, (line) => anyNamespace || line.namespace === namespace),
      }),
    }),
  ];
}

function forTenant({
  versions,
  now,
  limits,
  findings,
}: DoctorAnswer): Readonly<Record<string, unknown>> {
  return { versions, now, limits, findings };
}
