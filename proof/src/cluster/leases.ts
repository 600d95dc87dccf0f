/**
 * Leases that holders acquire, write to a resource under, and give back; or lose to another one,
 * who has waited too long.
 */
import { leases, type Grant } from "../checkers/leases.ts";
import type { Caller } from "./caller.ts";
import { lease, resource } from "./definitions.ts";
import type { Workload } from "./workload.ts";

const LEASES = 2;
/** Who was refused so often takes it by force. */
const PATIENCE = 4;
const WRITES = 2;

interface History {
  readonly grants: Grant[];
  readonly doubtful: Pick<Grant, "how" | "askedAt">[];
}

export class Leases implements Workload {
  readonly name = "leases";
  readonly #histories: readonly History[] = Array.from({ length: LEASES }, () => ({
    grants: [],
    doubtful: [],
  }));

  async lane(caller: Caller, isOver: () => boolean): Promise<void> {
    let refusals = 0;
    while (!isOver()) {
      const n = caller.random.between(0, LEASES - 1);
      const how = refusals < PATIENCE ? "acquire" : "seize";
      const granted = await this.#hold(caller, n, how);
      refusals = granted ? 0 : refusals + 1;
    }
  }

  async judge(caller: Caller): Promise<readonly string[]> {
    const complaints: string[] = [];
    for (const [n, history] of this.#histories.entries()) {
      const { output: writes } = await caller.until((perdure) => {
        return perdure.object(resource, nameOf(n)).writes();
      });
      const wrong = leases({ ...history, writes });
      complaints.push(...wrong.map((text) => `${nameOf(n)}: ${text}`));
    }
    return complaints;
  }

  size(): number {
    return this.#histories.reduce((sum, { grants }) => sum + grants.length, 0);
  }

  /** Whether it had the lease. */
  async #hold(caller: Caller, n: number, how: Grant["how"]): Promise<boolean> {
    const history = this.#histories[n];
    const askedAt = caller.now();
    const answer = await caller.once<number | null>((perdure) => {
      const held = perdure.object(lease, nameOf(n));
      return how === "acquire" ? held.acquire() : held.seize();
    });
    if (answer === undefined) history?.doubtful.push({ how, askedAt });
    if (answer === undefined || answer.output === null) return false;
    const { at: grantedAt, output: token } = answer;
    for (let i = 0; i < WRITES; i++) {
      await caller.once((perdure) => perdure.object(resource, nameOf(n)).write(token));
    }
    const releaseAskedAt = caller.now();
    history?.grants.push({ token, how, askedAt, grantedAt, releaseAskedAt });
    await caller.once((perdure) => perdure.object(lease, nameOf(n)).release(token));
    return true;
  }
}

function nameOf(n: number): string {
  return `lease-${n}`;
}
