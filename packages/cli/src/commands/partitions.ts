import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import { numberIn, objectsIn, textIn } from "../connect/fields.ts";
import { table, type Column } from "../terminal/table.ts";
import { dim, red, yellow, type Text } from "../terminal/text.ts";
import { relative, span } from "../terminal/time.ts";
import { shortNode } from "./nodes.ts";

/** A commit that takes longer is worth a look. */
const SLOW_MS = 1_000;

const columns: readonly Column[] = [
  { title: "PARTITION", align: "right" },
  { title: "DATABASE", align: "right" },
  { title: "OWNER" },
  { title: "EPOCH", align: "right" },
  { title: "OPENED", align: "right" },
  { title: "STREAMS", align: "right" },
  { title: "QUEUED", align: "right" },
  { title: "IN FLIGHT", align: "right" },
  { title: "OLDEST", align: "right" },
  { title: "LATE", align: "right" },
];

export const partitions: CommandOf = (choose) =>
  new Command("partitions")
    .description("who has which partition of the store, and what waits in it")
    .action(() =>
      choose(async (context) => {
        const answer = await (await context.server()).call("cluster.partitions", {});
        if (context.json) {
          context.out.json(answer);
          return;
        }
        const isShared = answer["self"] !== undefined;
        const rows = objectsIn(answer, "partitions").map((one) =>
          rowOf(one, context.now(), isShared),
        );
        context.out.lines(table(columns, rows, context.width));
      }),
    );

function rowOf(partition: JsonObject, now: number, isShared: boolean): Text[] {
  const openedAt = numberIn(partition, "openedAt");
  const late = numberIn(partition, "lateAlarms") ?? 0;
  const oldest = numberIn(partition, "oldestCommitMs");
  const owner = shortNode(textIn(partition, "owner"));
  return [
    textIn(partition, "partition"),
    textIn(partition, "database"),
    owner || (isShared ? red("nobody") : "this server"),
    textIn(partition, "epoch"),
    openedAt === undefined ? dim("-") : relative(openedAt, now),
    textIn(partition, "liveStreams") || dim("-"),
    textIn(partition, "queued") || dim("-"),
    textIn(partition, "commitsInFlight") || dim("-"),
    oldest === undefined ? dim("-") : oldest > SLOW_MS ? yellow(span(oldest)) : span(oldest),
    late > 0 ? yellow(String(late)) : textIn(partition, "lateAlarms") || dim("-"),
  ];
}
