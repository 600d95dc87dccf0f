/** The conformance suite: every store is put to it, and each promise is a test. */
import { afterEach, beforeEach, describe } from "vitest";
import { commitPromises, faultPromises, handlePromises, ownerPromises } from "./commits.ts";
import type { Ability, Harness, MakeHarness } from "./harness.ts";
import { listPromises } from "./lists.ts";
import { nodePromises, placePromises } from "./nodes.ts";
import { sealPromises } from "./seals.ts";
import { damagePromises, streamPromises } from "./streams.ts";

export function storeContract(
  name: string,
  makeHarness: MakeHarness,
  abilities: readonly Ability[],
): void {
  describe(`${name} keeps the store contract`, () => {
    let harness: Harness | undefined;
    const use = (): Harness => {
      if (harness === undefined) throw new Error("the harness is only there within a test");
      return harness;
    };
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(async () => {
      await harness?.dispose();
      harness = undefined;
    });
    commitPromises(use);
    ownerPromises(use);
    if (abilities.includes("failNext")) faultPromises(use);
    if (abilities.includes("second")) handlePromises(use);
    streamPromises(use);
    if (abilities.includes("corrupt")) damagePromises(use);
    listPromises(use);
    nodePromises(use);
    sealPromises(use);
    if (!abilities.includes("several")) placePromises(use);
  });
}
