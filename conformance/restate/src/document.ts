/** Writes `docs/restate-conformance.md` from the kept results of both servers. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { differences } from "./differences.ts";
import { keptResults, type KeptResults, type KeptRun } from "./kept-results.ts";
import type { ScenarioClass } from "./world.ts";

const root = new URL("../../../", import.meta.url);
const file = new URL("docs/restate-conformance.md", root);
const formatter = new URL("node_modules/.bin/oxfmt", root);

export async function writeDocument(classes: readonly ScenarioClass[]): Promise<void> {
  const [ours, reference] = await Promise.all([keptResults("perdure"), keptResults("reference")]);
  const lines = [
    ...opening(ours, reference),
    ...classes.flatMap((each) => ofClass(each, ours, reference)),
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  await promisify(execFile)(fileURLToPath(formatter), [fileURLToPath(file)]);
}

function opening(ours: KeptResults | undefined, reference: KeptResults | undefined): string[] {
  const sdk = ours?.sdk ?? reference?.sdk ?? "";
  return [
    "# Conformance with Restate",
    "",
    `Services written with the unmodified \`@restatedev/restate-sdk\` ${sdk} and called with the`,
    "unmodified `@restatedev/restate-sdk-clients`, against Perdure and against Restate's own server.",
    "`npm run conformance -- --write` and `npm run conformance -- --against reference --write` have",
    "written this page; [conformance/restate](../conformance/restate/README.md) says how it is done.",
    "",
    "| run | Perdure | Restate |",
    "| --- | ------- | ------- |",
    ...runNames(ours, reference).map(
      (name) => `| ${name} | ${counted(ours, name)} | ${counted(reference, name)} |`,
    ),
    "",
    `Restate's server is ${reference?.server ?? "not measured"}, with four partitions.`,
    "",
    "In the tables, a number says in how many of its runs a scenario ended right: each is run in the",
    "modes that it says something about, and where faults leave its promise standing.",
    "",
  ];
}

const nameOf = ({ mode, faults }: KeptRun): string => {
  switch (faults) {
    case "none":
      return mode;
    case "proxy":
      return `${mode}, through a network that breaks`;
    case "kills":
      return `${mode}, with a server that is killed`;
  }
};

function runNames(...kept: readonly (KeptResults | undefined)[]): string[] {
  return [...new Set(kept.flatMap((each) => each?.runs.map(nameOf) ?? []))];
}

function counted(kept: KeptResults | undefined, name: string): string {
  const run = kept?.runs.find((each) => nameOf(each) === name);
  if (run === undefined) return "not run";
  const all = Object.values(run.verdicts).flatMap((each) => Object.values(each));
  const passed = all.filter((each) => each === "passed").length;
  const failed = all.filter((each) => each === "failed" || each === "differs").length;
  return `${passed} of ${passed + failed}`;
}

function ofClass(
  { name, scenarios }: ScenarioClass,
  ours: KeptResults | undefined,
  reference: KeptResults | undefined,
): string[] {
  return [
    `## ${name}`,
    "",
    "| scenario | Perdure | Restate | difference |",
    "| -------- | ------- | ------- | ---------- |",
    ...scenarios.map(({ name: scenario }) => {
      const cells = [ours, reference].map((kept) => ofScenario(kept, name, scenario));
      return `| ${scenario} | ${cells.join(" | ")} | ${differences[scenario]?.why ?? ""} |`;
    }),
    "",
  ];
}

function ofScenario(kept: KeptResults | undefined, className: string, scenario: string): string {
  const verdicts = (kept?.runs ?? [])
    .map(({ verdicts: all }) => all[className]?.[scenario])
    .filter((each) => each === "passed" || each === "failed" || each === "differs");
  if (verdicts.length === 0) return "not run";
  return `${verdicts.filter((each) => each === "passed").length} of ${verdicts.length}`;
}
