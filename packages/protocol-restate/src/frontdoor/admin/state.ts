/**
 * Changes to an object's state by a person.
 *
 * T1  All of it is replaced at once, and never under a handler that holds the key: it has read the
 *     state, and would write over what it does not know of. It is refused then, and says who holds it.
 * T2  `version` is taken and not compared: it is a digest that Restate's command line makes by a
 *     rule of its own, which is nowhere written down.
 */
import { isRunId, PerdureError } from "@perdure/kernel";
import { z } from "zod";
import type { ServiceView } from "../../deployments/catalog.ts";
import { invocationId } from "../../ids/invocation-id.ts";
import { payloadOf } from "../../projection/payloads.ts";
import type { Desk } from "./parts.ts";

const value = z.union([
  z.array(z.int().min(0).max(255)).transform((bytes) => Uint8Array.from(bytes)),
  z.string().transform((text) => new TextEncoder().encode(text)),
]);

export interface StateChange {
  readonly object_key: string;
  readonly new_state: Readonly<Record<string, Uint8Array>>;
  readonly version?: string | null | undefined;
  readonly scope?: string | null | undefined;
}

export const stateChange: z.ZodType<StateChange> = z.object({
  object_key: z.string(),
  new_state: z.record(z.string(), value),
  version: z.string().nullish(),
  scope: z.string().nullish(),
});

export async function replaceState(
  { keys, namespace }: Desk,
  { name, type }: ServiceView,
  change: StateChange,
): Promise<void> {
  if (type === "SERVICE") {
    throw new PerdureError(
      "invalid-argument",
      "Cannot modify state for service type Service: only objects and workflows have any.",
    );
  }
  if (typeof change.scope === "string") {
    throw new PerdureError("invalid-argument", "There are no scopes here: leave `scope` out.");
  }
  const kind = `${type === "WORKFLOW" ? "workflow" : "object"}:${name}`;
  const key = { namespace, kind, id: change.object_key };
  const entries = Object.entries(change.new_state).map(([entry, bytes]) => {
    return [entry, payloadOf(bytes)] as const;
  });
  try {
    await keys.replace(key, entries);
  } catch (error) {
    throw heldBy(error) ?? error;
  }
}

function heldBy(error: unknown): PerdureError | undefined {
  if (!(error instanceof PerdureError) || error.code !== "conflict") return undefined;
  const runId = error.detail?.["runId"];
  if (typeof runId !== "string" || !isRunId(runId)) return undefined;
  const text =
    `The invocation ${invocationId(runId)} holds the key, and the state is not changed under it: ` +
    `try again when it is over, or cancel it first.`;
  return new PerdureError("conflict", text);
}
