/** The verdict on an end: what the simulator's checks say of the journals, and of what was done. */
import { checkEffects } from "../checks/effects.ts";
import { checkReplays } from "../checks/replays.ts";
import { checkResults } from "../checks/results.ts";
import { digestOf, textOf } from "./digest.ts";
import type { SmallWorld } from "./small-world.ts";

export class Judge {
  /** Ends that were judged: the same journals and deeds have the same verdict. */
  readonly #judged = new Set<string>();

  get ends(): ReadonlySet<string> {
    return this.#judged;
  }

  judge(world: SmallWorld): void {
    const { parts, outside, record, isDone } = world;
    const { violations, shadow } = parts;
    if (violations.found.length > 0) return;
    if (!isDone) return violations.report("liveness", `not everything ended: ${openIn(world)}`);
    const problem = outside.problem();
    if (problem !== undefined) violations.report("maybeRan", problem);
    const end = endOf(world);
    if (this.#judged.has(end)) return;
    this.#judged.add(end);
    checkResults(shadow, record, violations);
    checkEffects(shadow, outside.ledger, violations);
    checkReplays(parts);
  }
}

/** Deeds in an order of their own: who was first of two workers, nobody can tell. */
function endOf({ parts, outside }: SmallWorld): string {
  const journals = parts.shadow.runs().map(({ runId, events }) => textOf([runId, events]));
  return digestOf([...journals, ...outside.deeds].toSorted().join("\n"));
}

function openIn({ clients, parts }: SmallWorld): string {
  const waiting = clients.filter(({ outcome }) => outcome === undefined);
  const whom = waiting.map(({ actor }) => ` ${actor.name} waits`);
  return `${whom.join()}${parts.shadow.describeOpenWork()}`;
}
