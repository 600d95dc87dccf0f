/** What the driver tells the engine's process, in a file. */
import { z } from "zod";

export const WorkerConfig = z.strictObject({
  /** The engine's own SQLite file. */
  store: z.string(),
  requests: z.string(),
  inventory: z.string(),
  /** Where the results are written at the end, one JSON object a line. */
  results: z.string(),
  /** Where the refused lines are written, with number and reason. */
  rejects: z.string(),
  carrierUrl: z.url(),
  paymentUrl: z.url(),
  approverUrl: z.url(),
  smtpPort: z.int(),
  approvalTimeout: z.string(),
  startsPerSecond: z.number().positive(),
});

export type WorkerConfig = z.infer<typeof WorkerConfig>;

/** How one run ended, as the engine has it. */
export const RunResult = z.strictObject({
  returnId: z.string(),
  runId: z.string(),
  /** The outcome the workflow returned, or `failed`. */
  outcome: z.enum(["refunded", "rejected", "denied", "expired", "failed"]),
  detail: z.string(),
  /** How many steps the journal says may have run twice. */
  maybeRan: z.int(),
  /** The names of the steps that, by the journal, may have acted without anybody knowing. */
  doubtful: z.array(z.string()),
});

export type RunResult = z.infer<typeof RunResult>;

/** What the engine's process says to the driver. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly approvalsUrl: string; readonly rejected: number }
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "explained"; readonly text: string };

export interface Progress {
  readonly total: number;
  readonly closed: number;
  /** Calls to services under way, and finished since this process began. */
  readonly inFlight: number;
  readonly finished: number;
}
