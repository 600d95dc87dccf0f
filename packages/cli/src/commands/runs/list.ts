import type { RunRow, RunStatus } from "@perdure/kernel";
import { Command } from "commander";
import { wholeNumber } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { filterOf, kindOf, withFilters, type Filters } from "../../runs/filters.ts";
import { pagesOf } from "../../runs/pages.ts";
import { shortIds } from "../../runs/short-ids.ts";
import { statusText } from "../../runs/status.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, type Text } from "../../terminal/text.ts";
import { relative, span } from "../../terminal/time.ts";

interface Options extends Filters {
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: true;
}

export const list: CommandOf = (choose) =>
  withFilters(new Command("list").description("runs, newest first"))
    .option("--limit <rows>", "so many at most", wholeNumber(1), 20)
    .option("--cursor <cursor>", "go on after an earlier page")
    .option("--all", "every page; with --json one line a run")
    .addHelpText(
      "after",
      examples(
        "perdure runs list --status open,paused --workflow returns",
        "perdure runs list --since 2h --json | jq -r '.rows[].runId'",
      ),
    )
    .action((options: Options) => choose((context) => listRuns(context, options)));

async function listRuns(context: Context, options: Options): Promise<void> {
  const engine = await context.engine();
  const { all, cursor } = options;
  const kind = kindOf(options);
  const filter = await filterOf(context, options);
  const limit = all ? Infinity : options.limit;
  const rows: RunRow[] = [];
  let next: string | undefined;
  for await (const page of pagesOf(engine, { filter, limit, cursor, kind })) {
    if (all && context.json) for (const row of page.rows) context.out.json(row, "line");
    else rows.push(...page.rows);
    next = page.cursor;
    if (context.interrupted.aborted) return;
  }
  if (context.json) {
    if (!all) context.out.json({ rows, ...(next === undefined ? {} : { cursor: next }) });
    return;
  }
  if (rows.length === 0) {
    context.err.line(dim("No runs. (perdure runs list without filters shows all.)"));
    return;
  }
  context.out.lines(runTable(rows, context));
  if (next !== undefined) {
    context.err.line(dim(`There are more: --cursor ${next}, --limit <rows>, or --all.`));
  }
}

const columns: readonly Column[] = [
  { title: "RUN" },
  { title: "STATUS" },
  { title: "WORKFLOW", flexible: true },
  { title: "KEY", flexible: true },
  { title: "STARTED", align: "right" },
  { title: "TOOK", align: "right" },
  { title: "EVENTS", align: "right" },
];

function runTable(rows: readonly RunRow[], context: Context): Text[] {
  const now = context.now();
  const ids = shortIds(rows, context);
  const cells = rows.map((row, index): Text[] => [
    ids[index] ?? row.runId,
    statusText(row.status),
    row.workflow,
    keyText(row),
    relative(row.startedAt, now),
    tookText(row, row.status, now),
    String(row.events),
  ]);
  return table(columns, cells, context.width);
}

function keyText({ key, keyKind }: RunRow): Text {
  // A request's id is the client's, and says nothing to people.
  if (key === undefined || keyKind === "idempotency") return dim("-");
  return keyKind === "workflow" || keyKind === undefined ? key : [dim(`${keyKind}/`), key];
}

function tookText({ startedAt, closedAt }: RunRow, status: RunStatus, now: number): Text {
  if (closedAt !== undefined) return span(closedAt - startedAt);
  return status === "open" || status === "paused" ? dim(`${span(now - startedAt)}…`) : "";
}
