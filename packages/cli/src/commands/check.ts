import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PerdureError } from "@perdure/kernel";
import { Command } from "commander";
import { renderCheck, renderCheckHtml, type CheckReport } from "perdure/testing";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { filterOf, kindOf, withFilters, type Filters } from "../runs/filters.ts";
import { pagesOf } from "../runs/pages.ts";
import { Progress } from "../terminal/progress.ts";
import { exportRuns, wholeFile } from "../transfer/write-export.ts";
import { runChild } from "../user-code/child.ts";
import { printReport } from "../user-code/report-output.ts";

interface Options extends Filters {
  readonly from: string;
  readonly html?: string;
}

/** Of one run's replay. */
const PATIENCE_MS = 60_000;

export const check: CommandOf = (choose) =>
  withFilters(new Command("check").description("replay journals against changed code"))
    .argument("<file>", "a TypeScript or JavaScript file that exports the workflows")
    .option(
      "--from <export>",
      "a file of perdure export, or live: the server's or the store's",
      "live",
    )
    .option("--html <file>", "write the report there, too")
    .addHelpText(
      "after",
      `${examples(
        "perdure check ./returns.ts --from runs.jsonl",
        "perdure check ./returns.ts --workflow returns --status open",
      )}

The filters choose among live runs. No step runs and nothing is written. Exit code 1: a run differs.`,
    )
    .action((file: string, options: Options) =>
      choose((context) => checkFile(context, file, options)),
    );

async function checkFile(context: Context, file: string, options: Options): Promise<void> {
  const progress = new Progress(context);
  const folder = mkdtempSync(join(tmpdir(), "perdure-check-"));
  try {
    const from =
      options.from === "live"
        ? await liveExport(context, options, progress, join(folder, "live.jsonl"))
        : existing(options.from);
    const report = await runChild<CheckReport>(
      "check",
      { file, from },
      {
        onProgress: (text) => progress.show(text),
        interrupted: context.interrupted,
        patienceMs: PATIENCE_MS,
      },
    );
    progress.end();
    if (!report.isClean) context.finding();
    const renderings = {
      text: (colour: boolean) => renderCheck(report, { colour }),
      html: () => renderCheckHtml(report),
    };
    printReport(context, report, renderings, options.html);
  } finally {
    progress.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function liveExport(
  context: Context,
  filters: Filters,
  progress: Progress,
  path: string,
): Promise<string> {
  const engine = await context.engine();
  const filter = await filterOf(context, filters);
  const kind = kindOf(filters);
  async function* rows() {
    for await (const page of pagesOf(engine, { filter, kind, limit: Infinity })) yield* page.rows;
  }
  await wholeFile(path, (sink) =>
    exportRuns(engine, rows(), sink, ({ runs }) => progress.show(`reading run ${runs}`)),
  );
  return path;
}

function existing(path: string): string {
  if (existsSync(path)) return path;
  const text = `There is no file ${path}: write one with perdure export -o ${path}, or say --from live.`;
  throw new PerdureError("not-found", text);
}
