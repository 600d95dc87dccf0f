import { Command } from "commander";
import { payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { promiseOf } from "../../runs/promise.ts";

export const resolve: CommandOf = (choose) =>
  new Command("resolve")
    .description("keep a promise that a run waits for")
    .argument("<promise>", "the id that ctx.promise() gave, <run>/<name>")
    .argument("[json]", "its value: JSON, @file, or - for standard input")
    .addHelpText("after", examples(`perdure runs resolve <run>/approval '{"ok":true}'`))
    .action((promise: string, json: string | undefined) => {
      const { runId, name } = promiseOf(promise);
      choose(async (context) => {
        const payload = await payloadArgument(context, json, `the value of ${promise}`);
        // One answer counts: its id is the promise's own.
        await (await context.engine()).signal({ runId }, { name, payload, id: name });
        done(context, `The promise ${promise} is kept.`, { runId, promise });
      });
    });
