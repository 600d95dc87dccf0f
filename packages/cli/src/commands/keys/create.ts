import type { Role } from "@perdure/server";
import { Command, Option } from "commander";
import { durationMs } from "perdure";
import { examples, type CommandOf } from "../../command.ts";
import { printIssued } from "./issued.ts";

interface Options {
  readonly role: Role;
  readonly for?: string;
  readonly name?: string;
  readonly expires?: string;
}

/** A type alone is imported: the server's code is not for every start of the command line. */
const roles: Readonly<Record<Role, true>> = {
  viewer: true,
  client: true,
  worker: true,
  operator: true,
  admin: true,
};

export const create: CommandOf = (choose) =>
  new Command("create")
    .description("make an API key; its secret is shown once")
    .addOption(
      new Option("--role <role>", "what it may do")
        .choices(Object.keys(roles))
        .makeOptionMandatory(),
    )
    .option("--for <namespace>", "its namespace (default: yours)")
    .option("--name <name>", "what it is for")
    .option("--expires <duration>", "after it, as in 90d (default: never)")
    .addHelpText(
      "after",
      examples(
        "perdure keys create --role worker --name app-1",
        "perdure keys create --role viewer --expires 8h",
      ),
    )
    .action((options: Options) =>
      choose(async (context) => {
        const { role, name, expires } = options;
        const body = {
          role,
          ...(options.for === undefined ? {} : { namespace: options.for }),
          ...(name === undefined ? {} : { name }),
          ...(expires === undefined ? {} : { expiresAt: context.now() + durationMs(expires) }),
        };
        printIssued(context, await (await context.server()).call("apiKeys.create", {}, { body }));
      }),
    );
