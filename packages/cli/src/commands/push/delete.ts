import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";

export const remove: CommandOf = (choose) =>
  new Command("delete")
    .description("call an app no more")
    .argument("<endpoint>", "its id")
    .addOption(yesOption())
    .action((endpointId: string, options: { readonly yes?: true }) =>
      choose(async (context) => {
        if (!(await confirmed(context, `Delete the endpoint "${endpointId}"?`, options))) return;
        await (await context.server()).call("push.delete", { endpointId });
        done(context, `The endpoint "${endpointId}" is deleted.`, { endpointId });
      }),
    );
