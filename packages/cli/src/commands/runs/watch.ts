import type { EngineClient } from "@perdure/engine";
import type { Outcome, RunEvent, RunId } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { follow } from "../../runs/follow.ts";
import { eventLine } from "../../runs/journal.ts";
import { outcomeLines } from "../../runs/summary.ts";
import { statusText } from "../../runs/status.ts";
import { runIdOf, withKey, type KeyOptions } from "../../runs/target.ts";

export const watch: CommandOf = (choose) =>
  withKey(new Command("watch").description("a run's events as they happen, until it has ended"))
    .argument("[run]", "a run id, or the start of one")
    .option("--from <seq>", "begin with this event", "1")
    .addHelpText(
      "after",
      examples(
        "perdure runs watch --key return-7",
        "perdure runs watch 0193e1a2-77b1 --json | jq .kind",
      ),
    )
    .action((run: string | undefined, options: KeyOptions & { readonly from: string }) =>
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        await watchRun(context, await context.engine(), runId, Number(options.from));
      }),
    );

async function watchRun(
  context: Context,
  engine: EngineClient,
  runId: RunId,
  from: number,
): Promise<void> {
  const { row } = await engine.describe(runId);
  const print = (event: RunEvent): void => {
    if (context.json) context.out.json(event, "line");
    else context.out.line(eventLine(event, row.startedAt, context.width));
  };
  for await (const event of follow(engine, runId, from, context.interrupted)) print(event);
  if (context.interrupted.aborted) return;
  const { outcome } = await engine.describe(runId);
  if (outcome) conclude(context, outcome);
}

function conclude(context: Context, outcome: Outcome): void {
  if (outcome.status !== "completed" && outcome.status !== "continued") context.finding();
  if (context.json) return;
  context.out.line();
  context.out.line(statusText(outcome.status));
  context.out.lines(outcomeLines(outcome, context.width));
}
