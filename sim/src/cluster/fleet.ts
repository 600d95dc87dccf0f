/** The engines of a simulation, and what keeps them going: whatever is gone is followed by another. */
import type { Prng } from "../world/prng.ts";
import type { Node } from "./node.ts";

export interface Fleet {
  /** Every node that still runs. */
  readonly nodes: ReadonlySet<Node>;
  start(): void;
  /** Nobody does anything any more. */
  stop(): void;
  /** Whom somebody from outside reaches; undefined: nobody takes connections now. */
  pick(prng: Prng): Node | undefined;
  crash(node: Node): void;
  /** One more than there should be. False: not now. */
  addOne(): boolean;
}

export interface FleetHooks {
  /** It takes connections from now on. */
  readonly up: (node: Node) => void;
  /** It is about to be switched off, though it may think that all is well. */
  readonly doomed: (node: Node) => void;
  readonly gone: (node: Node) => void;
}
