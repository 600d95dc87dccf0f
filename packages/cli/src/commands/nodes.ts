import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import { numberIn, objectsIn, textIn } from "../connect/fields.ts";
import { table, type Column } from "../terminal/table.ts";
import { dim, green, red, yellow, type Text } from "../terminal/text.ts";
import { relative, span } from "../terminal/time.ts";

const columns: readonly Column[] = [
  { title: "NODE" },
  { title: "STATE" },
  { title: "ADDRESS", flexible: true },
  { title: "VERSION" },
  { title: "PARTITIONS", align: "right" },
  { title: "BEAT", align: "right" },
  { title: "SINCE", align: "right" },
];

export const nodes: CommandOf = (choose) =>
  new Command("nodes").description("the servers that share the store").action(() =>
    choose(async (context) => {
      const answer = await (await context.server()).call("cluster.nodes", {});
      const found = objectsIn(answer, "nodes");
      if (found.some((node) => node["isAlive"] === false)) context.finding();
      if (context.json) {
        context.out.json(answer);
        return;
      }
      if (found.length === 0) {
        context.err.line(dim("This server has its store for itself: it is no node among others."));
        return;
      }
      const rows = found.map((node) => rowOf(node, context.now()));
      context.out.lines(table(columns, rows, context.width));
    }),
  );

/** Enough to tell nodes apart; with `--json` there is all of it. */
export function shortNode(id: string): string {
  return id.slice(0, 8);
}

function rowOf(node: JsonObject, now: number): Text[] {
  const startedAt = numberIn(node, "startedAt");
  return [
    shortNode(textIn(node, "id")) + (node["isSelf"] === true ? " *" : ""),
    stateOf(node),
    textIn(node, "address") || dim("-"),
    textIn(node, "version"),
    textIn(node, "partitions"),
    span(numberIn(node, "beatAgeMs") ?? 0),
    startedAt === undefined ? "" : relative(startedAt, now),
  ];
}

function stateOf(node: JsonObject): Text {
  if (node["isAlive"] !== true) return red("dead");
  if (node["isReachable"] !== true) return red("unreachable");
  return node["isLeaving"] === true ? yellow("leaving") : green("alive");
}
