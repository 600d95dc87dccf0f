import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { wrap, type Text } from "../terminal/text.ts";

/** Words that `perdure help` explains beside the commands. */
const topics: Readonly<Record<string, (context: Context) => void>> = {
  "exit-codes": explainExitCodes,
};

export const help: CommandOf = (choose) => {
  const command = new Command("help")
    .description("about a command, or about exit-codes")
    .argument("[words...]", "a command, as in: runs list");
  return command.action((words: readonly string[]) => {
    const topic = topics[words.join(" ")];
    if (topic) {
      choose((context) => Promise.resolve(topic(context)));
      return;
    }
    let about = command.parent ?? command;
    for (const word of words) {
      const next = about.commands.find((one) => one.name() === word);
      if (!next) about.error(`error: there is no command "${words.join(" ")}"; see perdure --help`);
      else about = next;
    }
    about.help();
  });
};

function explainExitCodes(context: Context): void {
  const rows = Object.values(exitCodes);
  if (context.json) {
    context.out.json(rows);
    return;
  }
  for (const { code, means } of rows) {
    const lines = wrap(means, context.width - 6);
    context.out.lines(
      lines.map((line, index): Text => [(index === 0 ? String(code) : "").padStart(4), "  ", line]),
    );
  }
}
