/** Command lines that can be pasted into a POSIX shell. */
import type { KeyRef } from "../ids.ts";
import type { Cure } from "./explanation.ts";

/** `perdure runs signal <run> 'a name'`: what follows the verb is quoted where it needs to be. */
export function commandLine(verb: string, ...args: readonly string[]): string {
  // An argument that looks like an option is none after this.
  const guard = args.some((arg) => arg.startsWith("-") && !isOption(arg)) ? ["--"] : [];
  const options = args.filter(isOption);
  const rest = args.filter((arg) => !isOption(arg));
  return ["perdure", verb, ...[...options, ...guard, ...rest].map(quoted)].join(" ");
}

export function cure(text: string, verb?: string, ...args: readonly string[]): Cure {
  return verb === undefined ? { text } : { text, command: commandLine(verb, ...args) };
}

/** As `--key` takes it. */
export function keyOption({ kind, id }: Pick<KeyRef, "kind" | "id">): string {
  return `--key=${kind}/${id}`;
}

function isOption(arg: string): boolean {
  return /^--[a-z]+=/.test(arg);
}

export function quoted(arg: string): string {
  if (/^[\w@%+=:,./-]+$/.test(arg)) return arg;
  return `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
