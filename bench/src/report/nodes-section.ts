/** The report of the drill of nodes: takeover, and what an idle cluster costs. */
import type { NodesRecord } from "../nodes/record.ts";
import { spreadOf } from "../statistics.ts";
import { count } from "./labels.ts";
import { figure, spread, table } from "./text.ts";

export function nodesSection({ takeovers, idle }: NodesRecord): string {
  const answers = spreadOf(takeovers.map(({ answersMs }) => answersMs));
  const finished = spreadOf(takeovers.map(({ finishedMs }) => finishedMs));
  const rows = idle.map((one) => [
    count(one.nodes),
    count(one.databases),
    figure(one.statementsPerSecond),
    figure(one.commitsPerSecond),
    figure(one.walBytesPerSecond),
    figure(one.cpuMsPerSecond),
  ]);
  const head = ["nodes", "databases", "statements/s", "commits/s", "WAL bytes/s", "CPU ms/s"];
  return [
    "### One of three nodes is killed",
    `${takeovers.length} times, with SIGKILL, in the middle of its load, with the default lease. Seconds ` +
      `until every call was answered, wherever it led: ${spread(answers, 1_000)}. Until every run that it ` +
      `had in hand had come to its end elsewhere: ${spread(finished, 1_000)}.`,
    "### A cluster that has nothing to do",
    table(head, rows),
  ].join("\n\n");
}
