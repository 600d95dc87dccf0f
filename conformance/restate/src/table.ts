import type { Result } from "./results.ts";

/** One line a class, and the failures with their reasons. */
export function printed(results: readonly Result[], verbose: boolean): string {
  const lines: string[] = [];
  for (const [name, ofClass] of Map.groupBy(results, ({ className }) => className)) {
    const passed = ofClass.filter(({ verdict }) => verdict.kind === "passed").length;
    const ran = ofClass.filter(({ verdict }) => verdict.kind !== "left out").length;
    lines.push(`  ${name.padEnd(24)} ${`${passed} of ${ran}`.padStart(9)}`);
    for (const result of ofClass) lines.push(...ofScenario(result, verbose));
  }
  return lines.join("\n");
}

function ofScenario({ scenario, verdict, tookMs, kills }: Result, verbose: boolean): string[] {
  const took = `${tookMs} ms${kills > 0 ? `, ${kills} kills` : ""}`;
  switch (verdict.kind) {
    case "passed":
      return verbose ? [`    ok   ${scenario} (${took})`] : [];
    case "left out":
      return verbose ? [`    -    ${scenario}: ${verdict.why}`] : [];
    case "differs":
      return verbose ? [`    diff ${scenario} (${took}): ${verdict.why}`] : [];
    case "failed":
      return [`    FAIL ${scenario} (${took})`, indented(verdict.why)];
  }
}

const linesOfAReason = 14;

const indented = (text: string): string =>
  text
    .split("\n")
    .slice(0, linesOfAReason)
    .map((line) => `         ${line}`)
    .join("\n");

export function closingLine(results: readonly Result[]): string {
  const count = (kind: string) => results.filter(({ verdict }) => verdict.kind === kind).length;
  const differs = count("differs");
  const known = differs > 0 ? `${differs} differ as documented\n` : "";
  return `${known}${count("passed")} passed, ${count("failed")} failed`;
}
