import type { ScheduleView } from "@perdure/kernel";
import { Command } from "commander";
import { wholeNumber } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { timesText } from "../../schedules/times.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, green, yellow, type Text } from "../../terminal/text.ts";
import { relative } from "../../terminal/time.ts";

interface Options {
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: true;
}

export const list: CommandOf = (choose) =>
  new Command("list")
    .description("schedules by id, and when they start their next run")
    .option("--limit <rows>", "so many at most", wholeNumber(1), 100)
    .option("--cursor <cursor>", "go on after an earlier page")
    .option("--all", "every page")
    .addHelpText("after", examples("perdure schedules list"))
    .action((options: Options) => choose((context) => listSchedules(context, options)));

async function listSchedules(context: Context, options: Options): Promise<void> {
  const engine = await context.engine();
  const schedules: ScheduleView[] = [];
  let { cursor } = options;
  do {
    const page = await engine.listSchedules(context.namespace, {
      limit: options.limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    schedules.push(...page.schedules);
    cursor = page.cursor;
  } while (cursor !== undefined && options.all);
  if (context.json) {
    context.out.json({ schedules, ...(cursor === undefined ? {} : { cursor }) });
    return;
  }
  if (schedules.length === 0) {
    context.err.line(dim("No schedules."));
    return;
  }
  context.out.lines(scheduleTable(schedules, context));
  if (cursor !== undefined) {
    context.err.line(dim(`There are more: --cursor ${cursor}, or --all.`));
  }
}

const columns: readonly Column[] = [
  { title: "SCHEDULE", flexible: true },
  { title: "STATE" },
  { title: "WORKFLOW", flexible: true },
  { title: "WHEN", flexible: true },
  { title: "NEXT", align: "right" },
  { title: "LAST", align: "right" },
  { title: "STARTS", align: "right" },
];

function scheduleTable(schedules: readonly ScheduleView[], context: Context): Text[] {
  const now = context.now();
  const rows = schedules.map((view): Text[] => {
    const { spec, paused, next, recent, starts } = view;
    const last = recent.at(-1);
    return [
      spec.id,
      paused ? yellow("paused") : green("active"),
      spec.workflow,
      timesText(spec),
      paused || next[0] === undefined ? dim("-") : relative(next[0], now),
      last === undefined ? dim("-") : relative(last.startedAt, now),
      String(starts),
    ];
  });
  return table(columns, rows, context.width);
}
