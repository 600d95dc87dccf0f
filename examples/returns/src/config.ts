/** What the demo tells its processes, in a file, and what they say to it. */
import { readFileSync } from "node:fs";
import { z } from "zod";

export const DemoConfig = z.strictObject({
  /** The engine's own, as `sqlite:…` or, for several nodes, `postgres://…,postgres://…`. */
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
  /** Where each server listens; of `--server` and `--cluster` only. */
  servers: z.array(z.strictObject({ port: z.int(), nodePort: z.int() })),
  /** Where each PostgreSQL is, on disk and on the network; of `--cluster` only. */
  databases: z.array(z.strictObject({ folder: z.string(), port: z.int() })),
  /** What servers ask of those who call them, and nodes of each other. */
  apiKey: z.string(),
  nodeSecret: z.string(),
});

export type DemoConfig = z.infer<typeof DemoConfig>;

/** Of the process that is being started: its first argument names the file. */
export function readConfig(): DemoConfig {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("the path of the configuration is missing");
  return DemoConfig.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Of all servers, for those who connect to them. */
export const urlOf = ({ servers }: DemoConfig): string =>
  servers.map(({ port }) => `http://127.0.0.1:${port}`).join(",");

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

/** What a process says to the demo. */
export type ProcessMessage =
  /** `approvalsUrl`: where people may answer, if they may do it there. */
  | { readonly type: "ready"; readonly approvalsUrl?: string }
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "explained"; readonly text: string };

export interface Progress {
  /** Returns, where the process knows of them. */
  readonly total: number;
  readonly closed: number;
  /** Calls to services (of a driver: runs) under way, and finished since this process began. */
  readonly inFlight: number;
  readonly finished: number;
}
