/** Bodies and queries of `runs.*` and `keys.*`. */
import type { ForkRequest, StartRequest } from "@perdure/engine";
import {
  limits,
  type KeyRef,
  type Payload,
  type RunStatus,
  type SignalBody,
} from "@perdure/kernel";
import type { Query } from "@perdure/store";
import * as z from "zod";
import { serverLimits } from "../../limits.ts";
import {
  count,
  failure,
  headers,
  id,
  jsonObject,
  jsonText,
  keyRef,
  ms,
  name,
  payload,
  remark,
  runId,
} from "./basics.ts";

/** The wall is the credential's, so a body never names one. */
export type WallessKey = Omit<KeyRef, "namespace">;

const signal: z.ZodType<Omit<SignalBody, "by">> = z.strictObject({
  name,
  payload: payload.exactOptional(),
  failure: failure.exactOptional(),
  id: id.exactOptional(),
});

export type StartBody = Omit<StartRequest, "namespace" | "key"> & { readonly key?: WallessKey };

export const startBody: z.ZodType<StartBody> = z
  .strictObject({
    workflow: name,
    input: payload,
    queue: name,
    key: keyRef.exactOptional(),
    mode: z.enum(["single", "exclusive", "shared"]).exactOptional(),
    reuse: z.enum(["allow", "allowAfterFailure", "reject"]).exactOptional(),
    conflict: z.enum(["fail", "useExisting", "terminateExisting"]).exactOptional(),
    requestId: id.exactOptional(),
    signal: signal.exactOptional(),
    runTimeoutMs: ms.exactOptional(),
    startAt: ms.exactOptional(),
    attributes: jsonObject.exactOptional(),
    headers: headers.exactOptional(),
    version: name.exactOptional(),
    priority: z.number().exactOptional(),
    retentionMs: ms.exactOptional(),
  })
  .meta({ id: "StartRun" });

export const startManyBody: z.ZodType<{ readonly runs: readonly StartBody[] }> = z.strictObject({
  runs: z.array(startBody).max(limits.startManyRuns),
});

export const forkBody: z.ZodType<
  Omit<ForkRequest, "runId" | "key"> & { readonly key?: WallessKey }
> = z.strictObject({
  at: z.int().min(1).max(limits.runEvents),
  overrides: z.record(id, payload).exactOptional(),
  key: keyRef.exactOptional(),
});

export const reasonBody: z.ZodType<{ readonly reason?: string }> = z.strictObject({
  reason: remark.exactOptional(),
});

export const pauseBody: z.ZodType<{ readonly message?: string }> = z.strictObject({
  message: remark.exactOptional(),
});

/** A body with nothing in it, so that a field put there by mistake is told. */
/** Without a version: workers of any. */
export const repinBody: z.ZodType<{ readonly version?: string }> = z.strictObject({
  version: name.exactOptional(),
});

export const emptyBody: z.ZodType<object> = z.strictObject({});

export const signalBody: typeof signal = signal;

export const queryBody: z.ZodType<{ readonly name: string; readonly input: Payload }> =
  z.strictObject({ name, input: payload });

export const updateBody: z.ZodType<{
  readonly name: string;
  readonly input: Payload;
  readonly id?: string;
}> = z.strictObject({ name, input: payload, id: id.exactOptional() });

const statuses = [
  "open",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "timedOut",
  "continued",
] as const satisfies readonly RunStatus[];

const status: z.ZodType<readonly RunStatus[], string> = z
  .string()
  .transform((text, context): readonly RunStatus[] => {
    const words = [...new Set(text.split(","))];
    const known = statuses.filter((word) => words.includes(word));
    if (known.length === words.length) return known;
    const message = `must be some of ${statuses.join(", ")}, with commas between`;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  })
  .meta({ description: `Some of ${statuses.join(", ")}, with commas between.` });

const MOMENT = Number.MAX_SAFE_INTEGER;

const filters = {
  status: status.exactOptional(),
  workflow: name.exactOptional(),
  key: id.exactOptional(),
  parent: runId.exactOptional(),
  version: name.exactOptional(),
  attributes: jsonText.exactOptional(),
  startedAfter: count(MOMENT, 0).exactOptional(),
  startedBefore: count(MOMENT, 0).exactOptional(),
};

export type RunFilter = Omit<Query, "namespace" | "limit" | "cursor">;

export const filterQuery: z.ZodType<RunFilter> = z.strictObject(filters);

/** Rows of a page where nothing is said. */
const PAGE_ROWS = 100;

export const listQuery: z.ZodType<
  RunFilter & { readonly limit: number; readonly cursor?: string }
> = z.strictObject({
  ...filters,
  limit: count(limits.pageRows).default(PAGE_ROWS),
  cursor: id.exactOptional(),
});

export const journalQuery: z.ZodType<{ readonly from: number; readonly limit: number }> =
  z.strictObject({
    from: count(limits.runEvents).default(1),
    limit: count(serverLimits.journalPage).default(serverLimits.journalPage),
  });

export const watchQuery: z.ZodType<{ readonly from?: number }> = z.strictObject({
  from: count(limits.runEvents, 0).exactOptional(),
});

export const outcomeQuery: z.ZodType<{ readonly waitMs: number }> = z.strictObject({
  waitMs: count(serverLimits.outcomeWaitMs, 0).default(0),
});
