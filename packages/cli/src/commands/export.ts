import type { RunRow } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { filterOf, kindOf, withFilters, type Filters } from "../runs/filters.ts";
import { pagesOf } from "../runs/pages.ts";
import { Progress } from "../terminal/progress.ts";
import { exportRuns, wholeFile, type Exported, type LineSink } from "../transfer/write-export.ts";

interface Options extends Filters {
  readonly output?: string;
}

export const exportCommand: CommandOf = (choose) =>
  withFilters(new Command("export").description("runs with their journals, as JSON lines"))
    .option("-o, --output <file>", "written whole or not at all (default: standard output)")
    .addHelpText(
      "after",
      examples(
        "perdure export -o runs.jsonl",
        "perdure export --workflow returns --status open -o open.jsonl --store sqlite:./perdure.db",
      ),
    )
    .action((options: Options) =>
      choose(async (context) => {
        const { output } = options;
        const write = (sink: LineSink) => exportMatching(context, options, sink);
        if (output === undefined) {
          await write((line) => Promise.resolve(context.out.raw(line)));
          return;
        }
        const { runs, events } = await wholeFile(output, write);
        const text = `${runs} runs with ${events} events are in ${output}.`;
        if (context.json) context.out.json({ runs, events, output });
        else context.out.line(text);
      }),
    );

async function exportMatching(
  context: Context,
  filters: Filters,
  sink: LineSink,
): Promise<Exported> {
  const engine = await context.engine();
  const filter = await filterOf(context, filters);
  const total = await engine.count(filter);
  const progress = new Progress(context);
  const kind = kindOf(filters);
  async function* rows(): AsyncGenerator<RunRow> {
    for await (const page of pagesOf(engine, { filter, kind, limit: Infinity })) {
      for (const row of page.rows) {
        context.interrupted.throwIfAborted();
        yield row;
      }
    }
  }
  try {
    return await exportRuns(engine, rows(), sink, ({ runs, events }) =>
      progress.show(`${runs} of ${total} runs, ${events} events`, Math.min(1, runs / total)),
    );
  } finally {
    progress.end();
  }
}
