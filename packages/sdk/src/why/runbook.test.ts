/** The runbook shows what `why` really says. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { renderExplanation } from "@perdure/kernel";
import * as incidents from "./incidents.test-support.ts";
import type { Told } from "./scene.test-support.ts";

/** What differs from one execution to the next. */
function comparable(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "RUN")
    .replaceAll(/\/\S+\.ts:\d+:\d+/g, "SOURCE");
}

const { aStepThatHangs: _, ...twelve } = incidents;
const acts: readonly [string, () => Promise<Told & { readonly stopped?: Told }>][] =
  Object.entries(twelve);

test.each(acts)("docs/runbook/why.md shows what why says of %s", async (_name, act) => {
  const page = comparable(
    await readFile(new URL("../../../../docs/runbook/why.md", import.meta.url), "utf8"),
  );
  const { stopped, ...told } = await act();
  for (const { explanation, now } of stopped ? [told, stopped] : [told]) {
    expect(page).toContain(comparable(renderExplanation(explanation, { now })));
  }
});
