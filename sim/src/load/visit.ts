/** What those who pass by have in common: a caller, and runs to pick from. */
import type { ShadowRun } from "../checks/shadow.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Prng } from "../world/prng.ts";
import type { Ask, Caller } from "./caller.ts";
import type { LoadRecord } from "./record.ts";

/** One deed: what it does is drawn from `prng`; `id` is unique in the simulation. */
export type Deed = (prng: Prng, id: string) => Promise<void>;

export class Visit {
  readonly parts: Parts;
  readonly record: LoadRecord;
  readonly caller: Caller;

  constructor(parts: Parts, record: LoadRecord, caller: Caller) {
    this.parts = parts;
    this.record = record;
    this.caller = caller;
  }

  ask<T>(ask: Ask<T>): Promise<T> {
    return this.caller.call(ask);
  }

  pick(prng: Prng, isWanted: (run: ShadowRun) => boolean): ShadowRun | undefined {
    const runs = this.parts.shadow.runs().filter(isWanted);
    return runs.length === 0 ? undefined : prng.pick(runs);
  }

  openMain(prng: Prng): ShadowRun | undefined {
    return this.pick(prng, ({ state }) => !state.outcome && state.spec?.workflow === "main");
  }

  report(invariant: string, text: string): void {
    this.parts.violations.report(invariant, text);
  }
}
