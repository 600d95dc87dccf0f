/**
 * A planted bug: product code bent from outside, in the simulator only. Each must be found, or the
 * simulator has no teeth.
 */
import type { PeerNetwork, Worker, WorkerHost } from "@perdure/engine";
import type { Calendar } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { NonceStore } from "@perdure/wire";
import type { Membership } from "../cluster/node.ts";
import type { Workers } from "../remote/kinds.ts";

/** Where a bug can sit. What is absent is as it should be. */
export interface Planted {
  /** The store as an engine sees it. */
  readonly store?: (store: Store) => Store;
  /** The disk itself, below the checks. */
  readonly disk?: (disk: Store) => Store;
  readonly calendar?: (calendar: Calendar) => Calendar;
  /** Of a node among several. */
  readonly membership?: (terms: Membership) => Membership;
  /** As such a node sees it. */
  readonly network?: (network: PeerNetwork) => PeerNetwork;
  /** What workers register with. */
  readonly host?: (host: WorkerHost) => WorkerHost;
  /** The worker, on its own side. */
  readonly worker?: (worker: Worker) => Worker;
  /** Where apps keep the nonces of push requests. */
  readonly nonces?: NonceStore;
  /** Takes the bug out of shared code again. */
  readonly remove?: () => void;
}

export interface Bug {
  readonly name: string;
  /** What a user would suffer. */
  readonly harm: string;
  /** It is found within so many seeds from seed 1 on. */
  readonly withinSeeds: number;
  /** How the workers reach their node in those seeds. Default: `link`. */
  readonly workers?: Workers;
  /** Once for each simulation. */
  plant(): Planted;
}

export const noBug: Bug = { name: "none", harm: "none", withinSeeds: 0, plant: () => ({}) };
