/** What every part of an explanation is told with, and how far it goes. */
import type { RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Surroundings } from "./surroundings.ts";

export interface Telling {
  readonly world: Surroundings;
  readonly now: number;
  /** The runs that led here, the first one first; each waits for the next. */
  readonly path: readonly RunId[];
  /** How many more runs may be told of, over the whole answer. */
  readonly budget: { left: number };
}

export function newTelling(world: Surroundings, now: number): Telling {
  return { world, now, path: [], budget: { left: limits.whyLooks } };
}

/** One run further; undefined: this is as far as an answer goes. */
export function further(telling: Telling, runId: RunId): Telling | undefined {
  if (telling.path.length >= limits.whyDepth || telling.budget.left <= 0) return undefined;
  telling.budget.left--;
  return { ...telling, path: [...telling.path, runId] };
}
