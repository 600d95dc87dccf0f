/**
 * The job: starts a run for every accepted request, brings it the answers of people, waits for its
 * end, and writes down how it ended. It may die at any moment and begin again: whatever it has
 * started is found again by its id.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { PerdureError, type OutputOf, type Perdure, type RunHandle } from "perdure";
import { createApprovalDesk } from "./approval-desk.ts";
import type { returnsOf } from "./code.ts";
import type { DemoConfig, ProcessMessage, Progress, RunResult } from "./config.ts";
import { doubtsOf } from "./doubts.ts";
import { isoDay, readRequests } from "./intake.ts";
import { announce, listen } from "./services/process.ts";

type Returns = ReturnType<typeof returnsOf>;

const LISTED = 1000;

export interface Job {
  readonly perdure: Perdure;
  readonly returns: Returns;
  readonly config: DemoConfig;
  /** What this process is busy with; default: the runs it waits for. */
  readonly activity?: Pick<Progress, "inFlight" | "finished">;
}

/** Resolves when every run has ended and the results are written. */
export async function runJob({ perdure, returns, config, activity }: Job): Promise<void> {
  const { accepted, rejected } = readRequests(readFileSync(config.requests), isoDay(new Date()));
  writeWhole(config.rejects, rejected);
  const desk = createApprovalDesk((returnId, answer) => deliver(perdure, returnId, answer));
  const approvalsUrl = `http://127.0.0.1:${await listen(desk)}/approvals`;
  process.on("message", (message) => {
    if (message !== "explain") return;
    void explain(perdure, returns).then((text) => tell({ type: "explained", text }));
  });

  let [started, closed] = [0, 0];
  const stopReporting = reportProgress(() => {
    const { inFlight, finished } = activity ?? { inFlight: started - closed, finished: started };
    return { total: accepted.length, closed, inFlight, finished };
  });
  announce({ type: "ready", approvalsUrl } satisfies ProcessMessage);

  const known = new Set((await perdure.list({ limit: LISTED })).runs.map((row) => row.key));
  const endings: Promise<RunResult>[] = [];
  for (const { request } of accepted) {
    if (!known.has(request.id)) await delay(1000 / config.startsPerSecond);
    const { id } = request;
    // The request id: a start that was made before finds its run, even when that is long closed.
    const run = await perdure.start(returns, { id, requestId: id, input: request });
    started++;
    endings.push(endOf(id, run).finally(() => closed++));
  }
  writeWhole(config.results, await Promise.all(endings));
  stopReporting();
  desk.close();
}

export const tell = (message: ProcessMessage): void => void process.send?.(message);

/** Says now and then, and once more when it is stopped, how far this process is. */
export function reportProgress(progress: () => Progress): () => void {
  const report = (): void => tell({ type: "progress", progress: progress() });
  const reporting = setInterval(report, 50);
  return () => {
    clearInterval(reporting);
    report();
  };
}

async function deliver(
  perdure: Perdure,
  returnId: string,
  answer: unknown,
): Promise<"taken" | "closed"> {
  try {
    await perdure.signal({ id: returnId }, "approval", answer);
    return "taken";
  } catch (error) {
    if (error instanceof PerdureError && error.code === "already-closed") return "closed";
    throw error;
  }
}

async function endOf(id: string, run: RunHandle<OutputOf<Returns>>): Promise<RunResult> {
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
async function explain(perdure: Perdure, returns: Returns): Promise<string> {
  const { runs } = await perdure.list({ status: ["open", "paused"], limit: 5 });
  const reasons = runs.map(async ({ key, runId }) => {
    const run = await perdure.get(returns, { runId });
    return `${key}: ${JSON.stringify(await run.why())}`;
  });
  return (await Promise.all(reasons)).join("\n");
}
