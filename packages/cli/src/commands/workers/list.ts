import type { WorkerView } from "@perdure/engine";
import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
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
      const workers = await (await context.engine()).workers(context.namespace);
      if (context.json) {
        context.out.json({ workers });
        return;
      }
      if (workers.length === 0) {
        context.err.line(dim("No worker is connected: start one with connect(), or perdure dev."));
        return;
      }
      const rows = workers.map((worker) => rowOf(worker, context.now()));
      context.out.lines(table(columns, rows, context.width));
    }),
  );

function rowOf(worker: WorkerView, now: number): Text[] {
  const { id, phase, queues, version, holds, tasks, taskSlots, seenAt, labels } = worker;
  return [
    id,
    phaseText(phase),
    queues.map(({ name }) => name).join(","),
    version ?? dim("-"),
    String(holds),
    `${tasks}/${taskSlots}`,
    relative(seenAt, now),
    [labels["host"], labels["pid"]].filter((part) => part !== undefined).join(":"),
  ];
}

function phaseText(phase: WorkerView["phase"]): Text {
  if (phase === "lost") return red(phase);
  return phase === "draining" ? yellow(phase) : green(phase);
}
