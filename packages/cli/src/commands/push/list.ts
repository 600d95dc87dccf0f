import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { numberIn, objectIn, objectsIn, textIn } from "../../connect/fields.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, green, red, yellow, type Text } from "../../terminal/text.ts";

const columns: readonly Column[] = [
  { title: "ENDPOINT" },
  { title: "STATE" },
  { title: "URL", flexible: true },
  { title: "VERSION" },
  { title: "AT ONCE", align: "right" },
  { title: "LAST ERROR", flexible: true },
];

export const list: CommandOf = (choose) =>
  new Command("list").description("apps that are called with work, and how they are").action(() =>
    choose(async (context) => {
      const answer = await (await context.server()).call("push.list", {});
      if (context.json) {
        context.out.json(answer);
        return;
      }
      const rows = objectsIn(answer, "endpoints").map((endpoint): Text[] => [
        textIn(endpoint, "id"),
        stateOf(endpoint),
        textIn(endpoint, "url"),
        textIn(endpoint, "version") || dim("-"),
        String(numberIn(endpoint, "concurrency") ?? ""),
        textIn(objectIn(endpoint, "circuit"), "lastError") || textIn(endpoint, "describeError"),
      ]);
      if (rows.length === 0)
        context.err.line(dim("No push endpoints: perdure push put <id> <url>."));
      else context.out.lines(table(columns, rows, context.width));
    }),
  );

function stateOf(endpoint: JsonObject): Text {
  const state = textIn(objectIn(endpoint, "circuit"), "state");
  if (state === "open") return red("failing");
  if (state === "trying") return yellow("trying");
  return endpoint["isServing"] === true ? green("serving") : yellow("not serving");
}
