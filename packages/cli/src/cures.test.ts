/** Every command that an explanation can print is one that this command line takes. */
import { globSync, readFileSync } from "node:fs";
import { commandLine } from "@perdure/kernel";
import { describe, expect, it } from "vitest";
import { parse } from "./run.ts";

const run = "0193e1a2-77b1-8abc-8def-0123456789ab";

/** As a POSIX shell splits what `why` prints: blanks, single quotes, and backslashes between. */
function shellWords(line: string): string[] {
  const words = [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)].map(([word]) => word);
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted?: string, one?: string) => quoted ?? one ?? ""),
  );
}

function takes(line: string): boolean {
  const [program, ...words] = shellWords(line);
  const sink = (): void => undefined;
  return program === "perdure" && parse(words, { out: sink, err: sink, width: 80 }) !== undefined;
}

/** The verbs, and the arguments that each may be printed with. */
const cures: readonly (readonly [string, ...string[]])[] = [
  ["runs signal", run, "approval"],
  ["runs signal", run, "it's a name with 'quotes'"],
  ["runs signal", run, "--looks-like-an-option"],
  ["runs resolve", `${run}/answer`],
  ["runs reject", `${run}/answer`, "given up"],
  ["runs list", "--key=order 7"],
  ["runs list", "--key=object:cart/7", "--status=open"],
  ["runs show", run],
  ["runs cancel", run],
  ["runs terminate", run],
  ["runs pause", run],
  ["runs resume", run],
  ["why", run],
  ["why", "--key=workflow/order-7"],
  ["why", "--schedule=nightly"],
  ["fork", run, "--at=7"],
  ["schedules resume", "nightly"],
  ["schedules pause", "nightly"],
  ["schedules trigger", "nightly"],
  ["schedules describe", "nightly"],
  ["events publish", "order paid"],
  ["runs repin", run],
  ["runs repin", run, "v 2"],
  ["workers list"],
  ["workers versions"],
  ["doctor"],
];

describe("a cure", () => {
  it.each(cures)("perdure %s %s parses", (verb, ...words) => {
    expect(takes(commandLine(verb, ...words))).toBe(true);
  });

  it("that the kernel's sources name is among those tested", () => {
    const folder = new URL("../../kernel/src/why/", import.meta.url).pathname;
    const verbs = globSync("*.ts", { cwd: folder })
      .filter((file) => !file.includes(".test"))
      .flatMap((file) => {
        const source = readFileSync(folder + file, "utf8");
        const calls = [
          ...source.matchAll(
            /\b(?:cure|resume)\(\s*(?:"(?:[^"\\]|\\.)*"|`[^`]*`|\w+),\s*"([a-z]+(?: [a-z]+)?)"/g,
          ),
        ];
        return calls.map(([, verb = ""]) => verb);
      });
    expect(verbs.length).toBeGreaterThan(8);
    const tested = new Set(cures.map(([verb]) => verb));
    expect([...new Set(verbs)].filter((verb) => !tested.has(verb))).toEqual([]);
  });
});
