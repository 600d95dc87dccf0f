import { Command } from "commander";
import { payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { printPayload } from "../../runs/print-payload.ts";
import { required, targetOf, withKey, withRun, type KeyOptions } from "../../runs/target.ts";

interface Options extends KeyOptions {
  readonly id?: string;
}
type Text = string | undefined;

export const update: CommandOf = (choose) =>
  withKey(
    new Command("update").description("have a run's code do something, and wait for its answer"),
  )
    .usage("<run> <name> [json] [options]")
    .argument("[run]", "a run id, or the start of one; not with --key")
    .argument("[name]", "the update's name")
    .argument("[json]", "its input: JSON, @file, or - for standard input")
    .option("--id <id>", "a repeated call with this id is the same update")
    .addHelpText("after", examples(`perdure runs update --key cart-7 add '{"sku":"b-12"}'`))
    .action((first: Text, second: Text, third: Text, options: Options) => {
      const [run, word, json] = withRun(options, [first, second, third]);
      const name = required(word, "The update's name");
      choose(async (context) => {
        const input = await payloadArgument(context, json, `the input of the update "${name}"`);
        const target = await targetOf(context, run, options);
        const engine = await context.engine();
        printPayload(context, await engine.update(target, name, input, options.id));
      });
    });
