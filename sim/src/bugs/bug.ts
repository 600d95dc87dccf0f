/**
 * A planted bug: product code bent from outside, in the simulator only. Each must be found, or the
 * simulator has no teeth.
 */
import type { Store } from "@perdure/store";
import type { Worker, WorkerHost } from "@perdure/engine";

export interface Bug {
  readonly name: string;
  /** What a user would suffer. */
  readonly harm: string;
  /** It is found within so many seeds from seed 1 on. */
  readonly withinSeeds: number;
  /** Around the store that the engine sees, over what the disk gets. */
  readonly store?: (store: Store) => Store;
  /** Around what workers register with. */
  readonly host?: (host: WorkerHost) => WorkerHost;
  /** Around the worker, on its own side. */
  readonly worker?: (worker: Worker) => Worker;
  /** Changes shared code for the length of a simulation; the result puts it back. */
  readonly patch?: () => () => void;
}

export const noBug: Bug = { name: "none", harm: "none", withinSeeds: 0 };
