/** What really happened in this process, whatever the journal says: scenarios ask it. */
const counts = new Map<string, number>();

/** Counts one more of it, and says how many there have been. */
export function mark(tag: string): number {
  const count = (counts.get(tag) ?? 0) + 1;
  counts.set(tag, count);
  return count;
}

export const counted = (tag: string): number => counts.get(tag) ?? 0;
