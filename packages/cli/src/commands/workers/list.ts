import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { numberIn, objectIn, objectsIn, textIn } from "../../connect/fields.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, green, red, yellow, type Text } from "../../terminal/text.ts";
import { relative } from "../../terminal/time.ts";

const columns: readonly Column[] = [
  { title: "WORKER", flexible: true },
  { title: "STATE" },
  { title: "QUEUES", flexible: true },
  { title: "VERSION" },
  { title: "RUNS", align: "right" },
  { title: "TASKS", align: "right" },
  { title: "SEEN", align: "right" },
  { title: "WHERE", flexible: true },
];

export const list: CommandOf = (choose) =>
  new Command("list").description("workers that are connected, and those lost of late").action(() =>
    choose(async (context) => {
      const answer = await (await context.server()).call("workers.list", {});
      if (context.json) {
        context.out.json(answer);
        return;
      }
      const workers = objectsIn(answer, "workers");
      if (workers.length === 0) {
        context.err.line(dim("No worker is connected: start one with connect(), or perdure dev."));
        return;
      }
      const rows = workers.map((worker) => rowOf(worker, context.now()));
      context.out.lines(table(columns, rows, context.width));
    }),
  );

function rowOf(worker: JsonObject, now: number): Text[] {
  const labels = objectIn(worker, "labels");
  const tasks = numberIn(worker, "tasks") ?? 0;
  const slots = numberIn(worker, "taskSlots");
  const seenAt = numberIn(worker, "seenAt");
  return [
    textIn(worker, "id"),
    phaseText(textIn(worker, "phase")),
    objectsIn(worker, "queues")
      .map((queue) => textIn(queue, "name"))
      .join(","),
    textIn(worker, "version") || dim("-"),
    String(numberIn(worker, "holds") ?? 0),
    slots === undefined ? String(tasks) : `${tasks}/${slots}`,
    seenAt === undefined ? dim("-") : relative(seenAt, now),
    [textIn(labels, "host"), textIn(labels, "pid")].filter((part) => part !== "").join(":"),
  ];
}

function phaseText(phase: string): Text {
  if (phase === "lost") return red(phase);
  return phase === "draining" ? yellow(phase) : green(phase === "" ? "open" : phase);
}
