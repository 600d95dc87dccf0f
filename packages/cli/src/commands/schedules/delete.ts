import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { confirmed, yesOption } from "../../runs/confirm.ts";
import { done } from "../../runs/done.ts";

export const remove: CommandOf = (choose) =>
  new Command("delete")
    .description("forget a schedule; its open runs go on")
    .argument("<schedule>", "its id")
    .addOption(yesOption())
    .action((id: string, options: { readonly yes?: true }) =>
      choose(async (context) => {
        const engine = await context.engine();
        // So that a wrong id is said before the question.
        await engine.describeSchedule(context.namespace, id);
        if (!(await confirmed(context, `Delete the schedule "${id}"?`, options))) return;
        await engine.deleteSchedule(context.namespace, id);
        done(context, `The schedule "${id}" is deleted.`, { id });
      }),
    );
