import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { whyLines } from "../../runs/why-text.ts";

export const why: CommandOf = (choose) =>
  new Command("why")
    .description("why a schedule starts no run, or skipped some")
    .argument("<schedule>", "its id")
    .action((id: string) =>
      choose(async (context) => {
        const engine = await context.engine();
        const explanation = await engine.whySchedule(context.namespace, id);
        if (context.json) context.out.json(explanation);
        else context.out.lines(whyLines(explanation, context));
      }),
    );
