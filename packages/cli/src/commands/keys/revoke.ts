import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";

export const revoke: CommandOf = (choose) =>
  new Command("revoke")
    .description("end a key now")
    .argument("<key>", "its id, as keys list shows it")
    .addOption(yesOption())
    .action((keyId: string, options: { readonly yes?: true }) =>
      choose(async (context) => {
        const question = `Revoke ${keyId}? Whoever uses it is refused from then on.`;
        if (!(await confirmed(context, question, options))) return;
        await (await context.server()).call("apiKeys.revoke", { keyId });
        done(context, `The key ${keyId} is revoked.`, { keyId });
      }),
    );
