import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { printKey } from "./put.ts";

export const rotate: CommandOf = (choose) =>
  new Command("rotate")
    .description("a new key for an endpoint; it takes over once the app knows it")
    .argument("<endpoint>", "its id")
    .option("--immediate", "the old key has leaked: do not use it any more")
    .action((endpointId: string, { immediate }: { readonly immediate?: true }) =>
      choose(async (context) => {
        const body = immediate === undefined ? {} : { immediate };
        const server = await context.server();
        printKey(context, endpointId, await server.call("push.rotate", { endpointId }, { body }));
      }),
    );
