import type { Caller } from "./caller.ts";

/** Clients that do one kind of thing, and what must be true of it in the end. */
export interface Workload {
  readonly name: string;
  /** One client among several, until it is over. */
  lane(caller: Caller, isOver: () => boolean): Promise<void>;
  /** When nothing is wrong any more: what is not as it must be. */
  judge(caller: Caller): Promise<readonly string[]>;
  /** How much there was to judge. */
  size(): number;
}
