/**
 * Commands as commander knows them. Parsing decides and nothing else: an action hands its `Act` to
 * `choose`, and whoever parsed runs it. So a command line can be checked without being carried out.
 */
import { Command } from "commander";
import type { Act } from "./context.ts";

export type Choose = (act: Act) => void;

/** One file each. */
export type CommandOf = (choose: Choose) => Command;

/** A command that only holds others. */
export function group(name: string, about: string, members: readonly CommandOf[]): CommandOf {
  return (choose) => {
    const command = new Command(name).description(about);
    for (const member of members) command.addCommand(member(choose));
    return command;
  };
}

/** Lines under a command's help, which the reference in the docs shows too. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}
