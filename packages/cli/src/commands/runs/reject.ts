import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { promiseOf } from "../../runs/promise.ts";

interface Options {
  readonly code: string;
}

export const reject: CommandOf = (choose) =>
  new Command("reject")
    .description("break a promise that a run waits for: its code sees the failure")
    .argument("<promise>", "the id that ctx.promise() gave, <run>/<name>")
    .argument("<message>", "why")
    .option("--code <code>", "the failure's code, which the run's code may match on", "rejected")
    .action((promise: string, message: string, { code }: Options) => {
      const { runId, name } = promiseOf(promise);
      choose(async (context) => {
        const failure = { code, message };
        await (await context.engine()).signal({ runId }, { name, failure, id: name });
        done(context, `The promise ${promise} is broken.`, { runId, promise });
      });
    });
