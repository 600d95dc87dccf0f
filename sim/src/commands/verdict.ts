/** What a run of many seeds ends with. */
import { missing } from "../reached/declared.ts";
import type { Marks } from "../world/marks.ts";

/** A night of fewer seeds has not been one, and may miss by chance what is rare. */
export const nightFloor = 3_000;

export interface Ran {
  readonly passed: number;
  readonly red: number;
  readonly marks: Marks;
  /** More is asked of a night than that nothing is red. */
  readonly isNight: boolean;
  /** With a planted bug it says nothing what was reached. */
  readonly isBent: boolean;
}

export interface Verdict {
  readonly isGreen: boolean;
  readonly remarks: readonly string[];
}

export function judge({ passed, red, marks, isNight, isBent }: Ran): Verdict {
  const unreached = isBent ? [] : missing(marks);
  const isShort = isNight && passed + red < nightFloor;
  const remarks = unreached.map((name) => `never in all these seeds: ${name}`);
  if (isShort) remarks.push(`a night needs ${nightFloor} seeds, these were ${passed + red}`);
  const isThin = isNight && (isShort || unreached.length > 0);
  return { isGreen: red === 0 && passed > 0 && !isThin, remarks };
}
