/** The tree of commands. */
import { Command } from "commander";
import type { Choose, CommandOf } from "./command.ts";
import { check } from "./commands/check.ts";
import { complete } from "./commands/complete.ts";
import { completion } from "./commands/completion.ts";
import { crashTest } from "./commands/crash-test.ts";
import { dev } from "./commands/dev.ts";
import { doctor } from "./commands/doctor.ts";
import { keys } from "./commands/keys/index.ts";
import { push } from "./commands/push/index.ts";
import { workers } from "./commands/workers/index.ts";
import { events } from "./commands/events/index.ts";
import { exportCommand } from "./commands/export.ts";
import { fork } from "./commands/fork.ts";
import { help } from "./commands/help.ts";
import { importCommand } from "./commands/import.ts";
import { login } from "./commands/login.ts";
import { move } from "./commands/move.ts";
import { runs } from "./commands/runs/index.ts";
import { schedules } from "./commands/schedules/index.ts";
import { nodes } from "./commands/nodes.ts";
import { partitions } from "./commands/partitions.ts";
import { start } from "./commands/start.ts";
import { version } from "./commands/version.ts";
import { why } from "./commands/why.ts";

const commands: readonly CommandOf[] = [
  dev,
  start,
  runs,
  why,
  fork,
  check,
  crashTest,
  schedules,
  events,
  exportCommand,
  importCommand,
  move,
  workers,
  push,
  keys,
  doctor,
  nodes,
  partitions,
  login,
  completion,
  complete,
  version,
  help,
];

export interface Writers {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  readonly width: number;
}

export function program(choose: Choose, writers: Writers): Command {
  const root = new Command("perdure")
    .description("See, explain and steer durable runs; serve them; develop and test workflows.")
    .option(
      "--server <url>",
      "the server to ask, or several with commas (PERDURE_URL; default: http://127.0.0.1:7373)",
    )
    .option("--api-key <key>", "its API key (PERDURE_API_KEY)")
    .option("--store <store>", "open this store here instead, as in sqlite:./perdure.db")
    .option("--namespace <name>", "the wall within a store (default: default)")
    .option("--json", "print JSON: one document, or one line for each of a stream")
    .option("--no-color", "plain text (NO_COLOR and FORCE_COLOR are read too)")
    .addHelpText("after", "\nExit codes: perdure help exit-codes");
  for (const make of commands) root.addCommand(make(choose), { hidden: make === complete });
  settle(root, writers);
  return root;
}

/** Commander's settings are copied to commands that it makes itself; ours are made before. */
function settle(command: Command, writers: Writers): void {
  const { writeOut, writeErr, width } = writers;
  command
    .exitOverride()
    .configureOutput({
      writeOut,
      writeErr,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .allowExcessArguments(false);
  for (const member of command.commands) settle(member, writers);
}
