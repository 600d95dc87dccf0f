/** What is answered beside the API: health, readiness, metrics, the API's document. */
import type { IncomingMessage } from "node:http";
import type { EngineStats } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Role } from "../access/roles.ts";
import type { Config } from "../config/config.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Admission } from "./admission.ts";
import { jsonAnswer, type Answer } from "./answer.ts";
import type { OpenPage } from "./app.ts";

export interface PagesParts {
  readonly stats: () => EngineStats;
  readonly auditTrouble: () => string | undefined;
  readonly isClosing: () => boolean;
  readonly metrics: Metrics;
  readonly access: Config["metrics"]["access"];
  readonly admission: Admission;
  readonly document: unknown;
}

const scrapers: readonly Role[] = ["viewer", "operator", "admin"];

export function pages(parts: PagesParts): readonly OpenPage[] {
  const { metrics, access, admission } = parts;
  return [
    { path: "/healthz", answer: async () => jsonAnswer({ status: "up" }) },
    { path: "/readyz", answer: async () => readiness(parts) },
    { path: "/openapi.json", answer: async () => jsonAnswer(parts.document) },
    {
      path: "/metrics",
      async answer(request) {
        if (access === "off") throw new PerdureError("not-found", "Metrics are switched off here.");
        if (access === "role") await admission.admit(request, scrapers);
        else checkLoopback(request);
        return metrics.answer();
      },
    },
  ];
}

/** Ready: a start that is sent now will be on disk. The reasons are for operators and name nobody. */
function readiness({ stats, auditTrouble, isClosing }: PagesParts): Answer {
  const { phase, storeTrouble, refused, databases, node } = stats();
  // Where one of several databases refuses, the others go on.
  const isRefusing = storeTrouble !== undefined && storeTrouble.databases.length === databases;
  const reasons = [
    ...(isClosing() ? ["the server is closing"] : []),
    ...(phase === "running" ? [] : [`the engine is ${phase}`]),
    ...(isRefusing ? ["the store refuses commits: ask doctor why"] : []),
    ...(node === undefined || node.isWithinLease
      ? []
      : ["the store takes no sign of life from this node"]),
    ...(node === undefined || node.partitionsReached > 0
      ? []
      : ["no partition is here or at a node that can be reached"]),
  ];
  const notes = [
    ...(auditTrouble() === undefined ? [] : ["the audit log cannot be written"]),
    ...(refused === undefined ? [] : ["some partitions are refused: ask doctor why"]),
  ];
  const ready = reasons.length === 0;
  return jsonAnswer({ status: ready ? "ready" : "not ready", reasons, notes }, ready ? 200 : 503);
}

function checkLoopback({ socket: { remoteAddress = "" } }: IncomingMessage): void {
  if (/^(::ffff:)?127\.|^::1$/.test(remoteAddress)) return;
  throw new PerdureError("forbidden", "Metrics are read from this machine only.");
}
