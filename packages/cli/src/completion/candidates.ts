/** What may come next on a command line: commands, options, values, and the ids that a server knows. */
import type { Argument, Command } from "commander";

export interface Candidates {
  readonly words: readonly string[];
  /** The kind of id that may stand here, too. */
  readonly ids?: "run" | "schedule";
}

/** `words` are those after `perdure`; the last one is being written, and may be empty. */
export function candidates(root: Command, words: readonly string[]): Candidates {
  const typed = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const { command, given, pending } = walk(root, typed);
  if (pending !== undefined) return { words: startingWith(last, pending) };
  if (last.startsWith("-")) return { words: startingWith(last, flagsOf(command, root)) };
  const names = command.commands.map((one) => one.name());
  const argument = command.registeredArguments[given];
  const ids = idsOf(argument);
  return { words: startingWith(last, names), ...(ids === undefined ? {} : { ids }) };
}

interface Place {
  readonly command: Command;
  /** Arguments that are there already. */
  readonly given: number;
  /** The choices of an option that wants its value. */
  readonly pending?: readonly string[];
}

function walk(root: Command, typed: readonly string[]): Place {
  let command = root;
  let given = 0;
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] ?? "";
    if (word.startsWith("-")) {
      const option = [...command.options, ...root.options].find(
        ({ long, short }) => word === long || word === short,
      );
      if (!option?.required) continue;
      at += 1;
      if (at === typed.length) return { command, given, pending: option.argChoices ?? [] };
      continue;
    }
    const next = command.commands.find((one) => one.name() === word);
    if (next) command = next;
    else given += 1;
  }
  return { command, given };
}

function flagsOf(command: Command, root: Command): string[] {
  const options = command === root ? root.options : [...command.options, ...root.options];
  return [...options.map(({ long, short }) => long ?? short ?? ""), "--help"];
}

function idsOf(argument: Argument | undefined): Candidates["ids"] {
  const name = argument?.name();
  return name === "run" || name === "schedule" ? name : undefined;
}

function startingWith(start: string, words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith(start));
}
