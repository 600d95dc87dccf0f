/** What everything in one simulation shares. */
import type { Calendar } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Planted } from "../bugs/bug.ts";
import type { Shadow } from "../checks/shadow.ts";
import type { Violations } from "../checks/violations.ts";
import type { Deeds } from "../faults/deeds.ts";
import type { FaultMix } from "../faults/mix.ts";
import type { Ledger } from "../programs/ledger.ts";
import type { NodeSituations } from "../reached/node-situations.ts";
import type { Marks } from "../world/marks.ts";
import type { Prng } from "../world/prng.ts";
import type { Trace } from "../world/trace.ts";
import type { World } from "../world/world.ts";

export interface Parts {
  readonly seed: number;
  readonly world: World;
  readonly prng: Prng;
  readonly trace: Trace;
  readonly marks: Marks;
  readonly nodes: NodeSituations;
  /** All that disturbs asks here first. */
  readonly deeds: Deeds;
  readonly violations: Violations;
  readonly shadow: Shadow;
  readonly ledger: Ledger;
  /** Nodes have leases: none answers for what another may have. */
  readonly hasLeases: boolean;
  /** The databases of the store; most have one. */
  readonly disks: readonly Store[];
  readonly calendar: Calendar;
  readonly bug: Planted;
  /** The faults of this moment: the seed's at first, none once the world heals. */
  readonly mix: () => FaultMix;
  /** Called once, when the world heals. */
  readonly onceHealed: (call: () => void) => void;
}
