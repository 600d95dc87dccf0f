import { Command } from "commander";
import { renderCrashTest, renderCrashTestHtml, type CrashReport } from "perdure/testing";
import { jsonArgument, wholeNumber } from "../arguments.ts";
import { examples, type CommandOf } from "../command.ts";
import { Progress } from "../terminal/progress.ts";
import { runChild } from "../user-code/child.ts";
import { printReport } from "../user-code/report-output.ts";

interface Options {
  readonly input?: string;
  readonly workflow?: string;
  readonly html?: string;
  readonly maxRuns?: number;
}

const PATIENCE_MS = 120_000;

export const crashTest: CommandOf = (choose) =>
  new Command("crash-test")
    .description("run a workflow with a kill at every place where it could be killed")
    .argument("<file>", "a TypeScript or JavaScript file that exports the workflow")
    .option("--input <json>", "its input: JSON, a file's name, @file, or - for standard input")
    .option("--workflow <name>", "which, when the file exports several")
    .option("--html <file>", "write the report there, too")
    .option(
      "--max-runs <count>",
      "scenarios at most; the report says what is left out",
      wholeNumber(1),
    )
    .addHelpText(
      "after",
      `${examples("perdure crash-test ./returns.ts --input sample.json --html report.html")}

The file may export options of crashTest() as "crashTest": answers, signals, readOnly, keep.
Exit code 1: there are findings.`,
    )
    .action((file: string, options: Options) =>
      choose(async (context) => {
        const { workflow, html, maxRuns } = options;
        const input =
          options.input === undefined
            ? {}
            : { input: await jsonArgument(context, fileOrJson(options.input), "--input") };
        const progress = new Progress(context);
        const job = {
          file,
          ...input,
          ...(workflow === undefined ? {} : { workflow }),
          ...(maxRuns === undefined ? {} : { maxRuns }),
        };
        const report = await runChild<CrashReport>("crash-test", job, {
          onProgress: (text, fraction) => progress.show(text, fraction),
          interrupted: context.interrupted,
          patienceMs: PATIENCE_MS,
        }).finally(() => progress.end());
        if (!report.isSafe) context.finding();
        const renderings = {
          text: (colour: boolean) => renderCrashTest(report, { colour }),
          html: () => renderCrashTestHtml(report),
        };
        printReport(context, report, renderings, html);
      }),
    );

/** `sample.json` is how everybody writes it; no JSON text ends so. */
function fileOrJson(text: string): string {
  return /\.jsonc?$/.test(text) && !text.startsWith("@") ? `@${text}` : text;
}
