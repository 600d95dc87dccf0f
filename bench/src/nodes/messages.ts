/** What the harness and the process of a node say to each other. */
import type { Budget } from "../contender.ts";
import type { Lanes } from "../lanes.ts";

/** The loads that several nodes share: each has its part of the runs in flight. */
export type NodeLoad = "steps" | "no-steps";

export interface NodeOpening {
  readonly store: string;
  /** What nodes know each other by; absent: it is alone. */
  readonly secret?: string;
}

export type NodeVerb =
  | { readonly verb: "open"; readonly opening: NodeOpening }
  | { readonly verb: "load"; readonly load: NodeLoad; readonly budget: Budget }
  /** Starts so many runs under keys of their own, which lie anywhere, and awaits their results. */
  | { readonly verb: "reach"; readonly keys: number }
  /** Of all nodes together. */
  | { readonly verb: "openRuns" }
  | { readonly verb: "close" };

export type NodeAsk = NodeVerb & { readonly id: number };

export type NodeAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** The answer to `load`. */
export interface NodeLanes extends Lanes {
  readonly latenciesMs: readonly number[];
}
