import { PerdureError, type Payload } from "@perdure/kernel";
import { Command } from "commander";
import { payloadArgument, wholeNumber } from "../arguments.ts";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { done } from "../runs/done.ts";
import { runIdOf, withKey, type KeyOptions } from "../runs/target.ts";

interface Options extends KeyOptions {
  readonly at: number;
  readonly set: readonly string[];
  readonly as?: string;
}

export const fork: CommandOf = (choose) =>
  withKey(new Command("fork").description("a new run that keeps a run's journal up to an event"))
    .argument("[run]", "a run id, or the start of one")
    .requiredOption("--at <seq>", "the last event it keeps; runs show prints them", wholeNumber(1))
    .option(
      "--set <step=json>",
      "a result in place of the recorded one; may be repeated",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--as <id>", "the business key of the fork (default: none)")
    .addHelpText(
      "after",
      examples(
        "perdure fork 0193e1a2-77b1 --at 12",
        `perdure fork --key return-7 --at 12 --set 'check-inventory={"left":3}'`,
      ),
    )
    .action((run: string | undefined, options: Options) =>
      choose((context) => forkRun(context, run, options)),
    );

async function forkRun(context: Context, run: string | undefined, options: Options): Promise<void> {
  const overrides = await overridesOf(context, options.set);
  const runId = await runIdOf(context, run, options);
  const { at, as } = options;
  const engine = await context.engine();
  const { namespace } = context;
  const forked = await engine.fork({
    runId,
    at,
    ...(options.set.length === 0 ? {} : { overrides }),
    ...(as === undefined ? {} : { key: { namespace, kind: "workflow", id: as } }),
  });
  const next = `perdure runs watch ${forked.runId}`;
  done(context, `${forked.runId} goes on from event ${at}. See it: ${next}`, forked);
}

async function overridesOf(
  context: Context,
  sets: readonly string[],
): Promise<Readonly<Record<string, Payload>>> {
  const entries = sets.map(async (set): Promise<[string, Payload]> => {
    const equals = set.indexOf("=");
    if (equals < 1) {
      const text = `--set "${set}" has no step and value: write --set charge='{"ok":true}'.`;
      throw new PerdureError("invalid-argument", text);
    }
    const step = set.slice(0, equals);
    return [
      step,
      await payloadArgument(context, set.slice(equals + 1), `the result for "${step}"`),
    ];
  });
  return Object.fromEntries(await Promise.all(entries));
}
