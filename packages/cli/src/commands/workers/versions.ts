import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, type Text } from "../../terminal/text.ts";

const columns: readonly Column[] = [
  { title: "WORKFLOW", flexible: true },
  { title: "VERSION", flexible: true },
  { title: "OPEN RUNS", align: "right" },
];

export const versions: CommandOf = (choose) =>
  new Command("versions")
    .description("open runs of each workflow by the version that they are pinned to")
    .action(() =>
      choose(async (context) => {
        const counts = await (await context.engine()).versions(context.namespace);
        if (context.json) {
          context.out.json({ versions: counts });
          return;
        }
        const rows = counts.map(({ workflow, version, open }): Text[] => [
          workflow,
          version ?? dim("(not pinned)"),
          String(open),
        ]);
        if (rows.length === 0) context.err.line(dim("No run is open."));
        else context.out.lines(table(columns, rows, context.width));
      }),
    );
