/** When a process is killed: random moments, spread over the whole job. */
import { seeded } from "../random.ts";

export interface PlannedKill {
  /** Not before this share of the returns is closed. */
  readonly afterShare: number;
  /** Then so long after the process was last seen at work. */
  readonly delayMs: number;
}

/** The share at which the last kill may come: after it, there must still be work to kill. */
const LAST_SHARE = 0.92;

/** `name` makes the plans of several processes different ones. */
export function planKills(seed: number, kills: number, name = ""): PlannedKill[] {
  const random = seeded(seed, "kills", name);
  return Array.from({ length: kills }, (_, index) => ({
    afterShare: ((index + random.next()) / kills) * LAST_SHARE,
    delayMs: random.int(0, 350),
  }));
}
