import { PerdureError } from "@perdure/kernel";

/** A claim that came late: what every store answers. */
export function claimedError(partition: number): PerdureError {
  const text = `Partition ${partition} was opened by another node meanwhile: look again who owns it.`;
  return new PerdureError("fenced", text, { detail: { partition } });
}
