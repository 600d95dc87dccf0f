import { Command } from "commander";
import { payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { required, targetOf, withKey, withRun, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly id?: string;
}
type Text = string | undefined;

export const signal: CommandOf = (choose) =>
  withKey(new Command("signal").description("send a run a signal"))
    .usage("<run> <name> [json] [options]")
    .argument("[run]", "a run id, or the start of one; not with --key")
    .argument("[name]", "the signal's name")
    .argument("[json]", "its value: JSON, @file, or - for standard input")
    .option("--id <id>", "a second signal with this id is dropped")
    .addHelpText(
      "after",
      examples(
        `perdure runs signal 0193e1a2-77b1 approval '{"by":"kim"}'`,
        "perdure runs signal --key return-7 approval @approval.json",
      ),
    )
    .action((first: Text, second: Text, third: Text, options: Options) => {
      const [run, word, json] = withRun(options, [first, second, third]);
      const name = required(word, "The signal's name");
      choose(async (context) => {
        const payload = await payloadArgument(context, json, `the signal "${name}"`);
        const target = await targetOf(context, run, options);
        const { id } = options;
        const engine = await context.engine();
        await engine.signal(target, { name, payload, ...(id === undefined ? {} : { id }) });
        done(context, `The signal "${name}" is on disk.`, { ...target, signal: name });
      });
    });
