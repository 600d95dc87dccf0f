import type { Explanation } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { keyOf, runIdOf, withKey, type KeyOptions } from "../runs/target.ts";
import { whyLines } from "../runs/why-text.ts";

interface Options extends KeyOptions {
  readonly schedule?: string;
}

export const why: CommandOf = (choose) =>
  withKey(
    new Command("why").description("why something does not go on, since when, and what cures it"),
  )
    .argument("[run]", "a run id, or the start of one")
    .option("--schedule <id>", "a schedule, in place of a run")
    .addHelpText(
      "after",
      examples(
        "perdure why 0193e1a2-77b1",
        "perdure why --key object:cart/7",
        "perdure why --schedule nightly",
      ),
    )
    .action((run: string | undefined, options: Options) =>
      choose(async (context) => {
        const explanation = await explained(context, run, options);
        if (context.json) context.out.json(explanation);
        else context.out.lines(whyLines(explanation, context));
      }),
    );

async function explained(
  context: Context,
  run: string | undefined,
  options: Options,
): Promise<Explanation> {
  const engine = await context.engine();
  if (options.schedule !== undefined) {
    return engine.whySchedule(context.namespace, options.schedule);
  }
  if (options.key !== undefined) return engine.whyKey(keyOf(context, options));
  return engine.why(await runIdOf(context, run, options));
}
