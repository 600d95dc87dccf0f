import { limits } from "../../limits.ts";
import type { JsonObject } from "../../payload.ts";
import { matches } from "./matches.ts";
import type { Published, TopicTurn } from "./state.ts";

export function isRecent({ at }: Published, now: number): boolean {
  return at > now - limits.topicLookBackMs;
}

/**
 * The event that a wait would have got, had it begun `lookBackMs` ago: the oldest that matches.
 * Oldest, so that looking back is the same as having come earlier.
 */
export function lookBack(
  { state, at }: TopicTurn,
  match: JsonObject | undefined,
  lookBackMs: number,
): Published | undefined {
  for (const published of state.recent.values()) {
    const isInWindow = published.at >= at - lookBackMs && isRecent(published, at);
    if (isInWindow && matches(match, published.data)) return published;
  }
  return undefined;
}
