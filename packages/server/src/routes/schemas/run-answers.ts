/** What `runs.*` answers. Events and specs are the kernel's; here is what every one of them has. */
import * as z from "zod";
import { jsonObject, name, payloadAnswer } from "./basics.ts";

const runId = z.uuid();
const word = z.string();
const moment = z.int().meta({ description: "Ms since epoch, UTC." });

export const started: z.ZodType = z
  .strictObject({ runId, existing: z.boolean() })
  .meta({ id: "Started" });

const refused = z.strictObject({
  error: z.looseObject({ code: word, message: word, retry: word }),
});

export const startedMany: z.ZodType = z.strictObject({
  runs: z.array(z.union([started, refused])),
});

const row = z
  .strictObject({
    runId,
    namespace: name,
    workflow: name,
    queue: name,
    key: word.exactOptional(),
    keyKind: word.exactOptional(),
    status: word,
    startedAt: moment,
    closedAt: moment.exactOptional(),
    parent: runId.exactOptional(),
    version: word.exactOptional(),
    attributes: jsonObject,
    events: z.int(),
    expiresAt: moment.exactOptional(),
  })
  .meta({ id: "RunRow" });

export const page: z.ZodType = z.strictObject({ rows: z.array(row), cursor: word.exactOptional() });
export const total: z.ZodType = z.strictObject({ count: z.int() });

const failureAnswer = z
  .looseObject({ code: word, message: word, details: payloadAnswer.exactOptional() })
  .meta({ id: "Failure" });

const failed = z.strictObject({
  status: z.enum(["failed", "cancelled", "terminated", "timedOut"]),
  failure: failureAnswer,
});

const outcome = z
  .union([
    z.strictObject({ status: z.literal("completed"), output: payloadAnswer }),
    failed,
    z.strictObject({ status: z.literal("continued"), runId }),
  ])
  .meta({ id: "Outcome" });

export const maybeOutcome: z.ZodType = z.strictObject({ outcome: outcome.exactOptional() });

const spec = z
  .looseObject({ runId, namespace: name, workflow: name, queue: name, input: payloadAnswer })
  .meta({ id: "RunSpec" });

export const view: z.ZodType = z
  .strictObject({ row, spec, seq: z.int(), outcome: outcome.exactOptional() })
  .meta({ id: "RunView" });

const event = z
  .looseObject({ seq: z.int().min(1), at: moment, kind: word })
  .meta({ id: "RunEvent", description: "One entry of a journal; its kind says its other fields." });

export const journalPage: z.ZodType = z.strictObject({
  events: z.array(event),
  next: z
    .int()
    .exactOptional()
    .meta({ description: "There may be more, from this seq on: ask again with it as `from`." }),
});

const cure = z.strictObject({ text: word, command: word.exactOptional() });

const waiting = z.looseObject({ on: word, text: word, since: moment, cures: z.array(cure) });

export const explanation: z.ZodType = z
  .looseObject({ status: word, summary: word, waiting: z.array(waiting), cures: z.array(cure) })
  .meta({ id: "Explanation" });

export const output: z.ZodType = z.strictObject({ output: payloadAnswer });
export const maybeOutput: z.ZodType = z.strictObject({ output: payloadAnswer.exactOptional() });
export const maybeRun: z.ZodType = z.strictObject({ runId: runId.exactOptional() });
