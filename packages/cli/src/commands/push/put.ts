import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import { wholeNumber } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { textIn } from "../../connect/fields.ts";
import type { Context } from "../../context.ts";
import { done } from "../../runs/done.ts";
import { yellow } from "../../terminal/text.ts";

interface Options {
  readonly queues?: string;
  readonly concurrency?: number;
  readonly appVersion?: string;
  readonly insecure?: true;
}

export const put: CommandOf = (choose) =>
  new Command("put")
    .description("add an app that is called with work, or change it")
    .argument("<endpoint>", "its id")
    .argument("<url>", "where its handler listens")
    .option("--queues <list>", "task queues (default: what the app says)")
    .option("--concurrency <count>", "exchanges at a time", wholeNumber(1))
    .option("--app-version <version>", "pin runs to it")
    .option("--insecure", "http:// and addresses of private networks are all right")
    .addHelpText("after", examples("perdure push put shop https://shop.example.com/perdure"))
    .action((endpointId: string, url: string, options: Options) =>
      choose(async (context) => {
        const { queues, concurrency, appVersion, insecure } = options;
        const body = {
          url,
          ...(queues === undefined ? {} : { queues: queues.split(",") }),
          ...(concurrency === undefined ? {} : { concurrency }),
          ...(appVersion === undefined ? {} : { version: appVersion }),
          ...(insecure === undefined ? {} : { insecure }),
        };
        const server = await context.server();
        printKey(context, endpointId, await server.call("push.put", { endpointId }, { body }));
      }),
    );

/** The key that signs; both sides need it, and it is said once. */
export function printKey(context: Context, endpointId: string, answer: JsonObject): void {
  const key = textIn(answer, "key");
  if (context.json || key === "") {
    done(context, `The endpoint "${endpointId}" is as you say.`, answer);
    return;
  }
  context.out.line(key);
  context.err.line(yellow("Give this key to the app; it is not shown again."));
}
