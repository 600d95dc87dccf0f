import { Command } from "commander";
import { payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { printPayload } from "../../runs/print-payload.ts";
import { required, targetOf, withKey, withRun, type KeyOptions } from "../../runs/target.ts";

type Text = string | undefined;

export const query: CommandOf = (choose) =>
  withKey(new Command("query").description("ask a run's code something; changes nothing"))
    .usage("<run> <name> [json] [options]")
    .argument("[run]", "a run id, or the start of one; not with --key")
    .argument("[name]", "the query's name")
    .argument("[json]", "its input: JSON, @file, or - for standard input")
    .addHelpText("after", examples("perdure runs query 0193e1a2-77b1 status"))
    .action((first: Text, second: Text, third: Text, options: KeyOptions) => {
      const [run, word, json] = withRun(options, [first, second, third]);
      const name = required(word, "The query's name");
      choose(async (context) => {
        const input = await payloadArgument(context, json, `the input of the query "${name}"`);
        const target = await targetOf(context, run, options);
        const output = await (await context.engine()).query(target, name, input);
        printPayload(context, output);
      });
    });
