/**
 * The engine's process: Perdure on a SQLite file, the returns agent, and a door for approvals.
 *
 * It may be killed at any moment and started again with the same configuration. Then it reads the
 * same requests and starts them all: those it had started before go on where they were.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { open, PerdureError, type OutputOf, type RunHandle } from "perdure";
import { createApprovalDesk } from "./approval-desk.ts";
import { Activity } from "./clients/activity.ts";
import { Approver } from "./clients/approver.ts";
import { Carrier } from "./clients/carrier.ts";
import { HttpClient } from "./clients/http.ts";
import { Inventory } from "./clients/inventory.ts";
import { Mail } from "./clients/mail.ts";
import { Payments } from "./clients/payments.ts";
import { WorkerConfig, type RunResult, type WorkerMessage } from "./config.ts";
import { doubtsOf } from "./doubts.ts";
import { isoDay, readRequests } from "./intake.ts";
import { announce, listen } from "./services/process.ts";
import { returnsWorkflow } from "./workflow.ts";

const [configFile] = process.argv.slice(2);
if (configFile === undefined) throw new Error("usage: worker.ts CONFIG.json");
const config = WorkerConfig.parse(JSON.parse(readFileSync(configFile, "utf8")));
const { accepted, rejected } = readRequests(readFileSync(config.requests), isoDay(new Date()));
writeWhole(config.rejects, rejected);

const activity = new Activity();
const returns = returnsWorkflow(
  {
    inventory: new Inventory(config.inventory),
    carrier: new Carrier(new HttpClient(config.carrierUrl, activity)),
    payments: new Payments(new HttpClient(config.paymentUrl, activity)),
    approver: new Approver(new HttpClient(config.approverUrl, activity)),
    mail: new Mail(config.smtpPort, activity),
  },
  config.approvalTimeout,
);
const perdure = await open({ store: `sqlite:${config.store}`, workflows: [returns] });

const tell = (message: WorkerMessage): void => void process.send?.(message);

const desk = createApprovalDesk(async (returnId, answer) => {
  try {
    await perdure.signal({ id: returnId }, "approval", answer);
    return "taken";
  } catch (error) {
    if (error instanceof PerdureError && error.code === "already-closed") return "closed";
    throw error;
  }
});
const approvalsUrl = `http://127.0.0.1:${await listen(desk)}/approvals`;
announce({ type: "ready", approvalsUrl, rejected: rejected.length } satisfies WorkerMessage);

let closed = 0;
const report = (): void => {
  const { inFlight, finished } = activity;
  tell({ type: "progress", progress: { total: accepted.length, closed, inFlight, finished } });
};
const reporting = setInterval(report, 50);

process.on("message", (message) => {
  if (message === "explain") void explain().then((text) => tell({ type: "explained", text }));
});

const known = new Set((await perdure.list({ limit: 1000 })).runs.map((row) => row.key));
const endings: Promise<RunResult>[] = [];
for (const { request } of accepted) {
  if (!known.has(request.id)) await delay(1000 / config.startsPerSecond);
  const { id } = request;
  // The request id: a start that was made before finds its run, even when that is long closed.
  const run = await perdure.start(returns, { id, requestId: id, input: request });
  endings.push(endOf(id, run).finally(() => closed++));
}
writeWhole(config.results, await Promise.all(endings));
clearInterval(reporting);
report();
desk.close();
await perdure.close();
process.disconnect();

async function endOf(id: string, run: RunHandle<OutputOf<typeof returns>>): Promise<RunResult> {
  const ending = await run.result().then(
    (result) => result,
    (error: unknown) => ({ outcome: "failed" as const, detail: String(error) }),
  );
  return { returnId: id, runId: run.runId, ...ending, ...doubtsOf(await run.journal()) };
}

/** Written beside and moved: a reader sees the whole file or none. */
function writeWhole(file: string, rows: readonly object[]): void {
  writeFileSync(`${file}.part`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  renameSync(`${file}.part`, file);
}

/** What the engine has to say about the runs that are still open. */
async function explain(): Promise<string> {
  const { runs } = await perdure.list({ status: ["open", "paused"], limit: 5 });
  const reasons = runs.map(async ({ key, runId }) => {
    const run = await perdure.get(returns, { runId });
    return `${key}: ${JSON.stringify(await run.why())}`;
  });
  return (await Promise.all(reasons)).join("\n");
}
