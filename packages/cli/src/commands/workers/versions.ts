import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { numberIn, objectsIn, textIn } from "../../connect/fields.ts";
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
        const answer = await (await context.server()).call("workers.versions", {});
        if (context.json) {
          context.out.json(answer);
          return;
        }
        const rows = objectsIn(answer, "versions").map((row): Text[] => [
          textIn(row, "workflow"),
          textIn(row, "version") || dim("(not pinned)"),
          String(numberIn(row, "open") ?? 0),
        ]);
        if (rows.length === 0) context.err.line(dim("No run is open."));
        else context.out.lines(table(columns, rows, context.width));
      }),
    );
