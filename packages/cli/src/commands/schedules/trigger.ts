import type { OverlapPolicy } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { overlapOption } from "../../schedules/overlap.ts";

export const trigger: CommandOf = (choose) =>
  new Command("trigger")
    .description("start a run now, paused or not")
    .argument("<schedule>", "its id")
    .addOption(overlapOption())
    .action((id: string, { overlap }: { readonly overlap?: OverlapPolicy }) =>
      choose(async (context) => {
        await (await context.engine()).triggerSchedule(context.namespace, id, overlap);
        done(context, `The schedule "${id}" is triggered.`, { id });
      }),
    );
