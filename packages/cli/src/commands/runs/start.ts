import type { StartRequest } from "@perdure/engine";
import { type ConflictPolicy, type Outcome, type ReusePolicy } from "@perdure/kernel";
import { Command, Option } from "commander";
import { durationMs } from "perdure";
import { objectArgument, payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { done } from "../../runs/done.ts";
import { outcomeLines } from "../../runs/summary.ts";
import { statusText } from "../../runs/status.ts";

interface Options {
  readonly key?: string;
  readonly queue: string;
  readonly requestId?: string;
  readonly conflict?: ConflictPolicy;
  readonly reuse?: ReusePolicy;
  readonly delay?: string;
  readonly timeout?: string;
  readonly attributes?: string;
  readonly wait?: true;
}

export const start: CommandOf = (choose) =>
  new Command("start")
    .description("start a run")
    .argument("<workflow>", "the workflow's name")
    .argument("[json]", "its input: JSON, @file, or - for standard input")
    .option("--key <id>", "the business key: at most one open run has it")
    .option("--queue <name>", "the task queue whose workers run it", "default")
    .option("--request-id <id>", "a repeated start with this id returns the first one's run")
    .addOption(
      new Option("--conflict <policy>", "when a run with that key is open").choices([
        "useExisting",
        "fail",
        "terminateExisting",
      ]),
    )
    .addOption(
      new Option("--reuse <policy>", "when a run with that key has closed").choices([
        "allow",
        "allowAfterFailure",
        "reject",
      ]),
    )
    .option("--delay <duration>", "its code begins after it, as in 1h30m")
    .option("--timeout <duration>", "from start to close")
    .option("--attributes <json>", "search attributes")
    .option("--wait", "until it has ended; exit code 1 when it did not complete")
    .addHelpText(
      "after",
      examples(
        `perdure runs start returns '{"order":"7","amount":20}' --key return-7 --wait`,
        "perdure runs start report @input.json --delay 2h",
      ),
    )
    .action((workflow: string, json: string | undefined, options: Options) =>
      choose((context) => startRun(context, workflow, json, options)),
    );

async function startRun(
  context: Context,
  workflow: string,
  json: string | undefined,
  options: Options,
): Promise<void> {
  const request = await requestOf(context, workflow, json, options);
  const engine = await context.engine();
  const { runId, existing } = await engine.start(request);
  if (!options.wait) {
    const text = existing ? `${runId} is there already.` : `${runId} has started.`;
    done(context, text, { runId, existing });
    return;
  }
  const outcome = await engine.outcome(runId);
  if (outcome.status !== "completed") context.finding();
  printOutcome(context, { runId, existing, outcome });
}

function printOutcome(
  context: Context,
  result: { readonly runId: string; readonly existing: boolean; readonly outcome: Outcome },
): void {
  if (context.json) {
    context.out.json(result);
    return;
  }
  context.out.line([result.runId, "  ", statusText(result.outcome.status)]);
  context.out.lines(outcomeLines(result.outcome, context.width));
}

async function requestOf(
  context: Context,
  workflow: string,
  json: string | undefined,
  options: Options,
): Promise<StartRequest> {
  const { key, queue, requestId, conflict, reuse, delay, timeout, attributes } = options;
  const { namespace } = context;
  return {
    namespace,
    workflow,
    queue,
    input: await payloadArgument(context, json, `the input of "${workflow}"`),
    ...(key === undefined ? {} : { key: { namespace, kind: "workflow", id: key } }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(conflict === undefined ? {} : { conflict }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(delay === undefined ? {} : { startAt: context.now() + durationMs(delay) }),
    ...(timeout === undefined ? {} : { runTimeoutMs: durationMs(timeout) }),
    ...(attributes === undefined
      ? {}
      : { attributes: await objectArgument(context, attributes, "--attributes") }),
  };
}
