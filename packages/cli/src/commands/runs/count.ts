import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { filterOf, kindOf, withFilters, type Filters } from "../../runs/filters.ts";
import { pagesOf } from "../../runs/pages.ts";

export const count: CommandOf = (choose) =>
  withFilters(new Command("count").description("how many runs there are"))
    .addHelpText("after", examples("perdure runs count --status failed --since 24h"))
    .action((options: Filters) =>
      choose(async (context) => {
        const total = await countRuns(context, options);
        if (context.json) context.out.json({ count: total });
        else context.out.line(String(total));
      }),
    );

async function countRuns(context: Context, options: Filters): Promise<number> {
  const engine = await context.engine();
  const filter = await filterOf(context, options);
  const kind = kindOf(options);
  if (kind === undefined) return engine.count(filter);
  let total = 0;
  for await (const { rows } of pagesOf(engine, { filter, kind, limit: Infinity })) {
    total += rows.length;
  }
  return total;
}
