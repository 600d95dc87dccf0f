/**
 * Which partitions a node should have, from what the store says of all nodes.
 *
 * G1  All nodes come to the same plan from the same view; where their views differ for a moment, a
 *     claim decides, and the next views agree.
 * G2  In the plan no two living nodes differ by more than one partition.
 * G3  It moves as few as it can: nobody gives one away but for a node that has too few.
 */
import type { ClusterView } from "@perdure/store";

export interface Plan {
  readonly take: readonly number[];
  readonly give: readonly number[];
}

/** `isAlive`: whether a node may have partitions. Those that leave or are dead may have none. */
export function planFor(
  self: string,
  { nodes, partitions }: ClusterView,
  isAlive: (node: string) => boolean,
): Plan {
  const staying = nodes.filter(({ id, isLeaving }) => !isLeaving && isAlive(id));
  const has = new Map<string, number[]>(staying.map(({ id }) => [id, []]));
  const free: number[] = [];
  const held: number[] = [];
  for (const { partition, owner } of partitions) {
    const owned = owner === undefined ? undefined : has.get(owner);
    if (owned !== undefined) owned.push(partition);
    else if (owner !== undefined && isAlive(owner)) held.push(partition);
    else free.push(partition);
  }
  const quotas = quotasOf(has, partitions.length);
  const mine = has.get(self);
  const take = deal(free, has, quotas).get(self) ?? [];
  if (mine === undefined)
    return { take, give: staying.length > 0 ? ownedBy(self, partitions) : [] };
  // What a leaving node still holds comes to those with too few: nobody else has to give for it.
  const missing = [...has].reduce(
    (sum, [id, owned]) => sum + Math.max(0, (quotas.get(id) ?? 0) - owned.length),
    -free.length - held.length,
  );
  const surplus = Math.min(mine.length - (quotas.get(self) ?? 0), missing);
  return { take, give: surplus > 0 ? mine.slice(-surplus) : [] };
}

/** Even shares; what does not divide goes to those who have the most already (G3), then by id. */
function quotasOf(
  has: ReadonlyMap<string, readonly number[]>,
  partitions: number,
): ReadonlyMap<string, number> {
  const share = Math.floor(partitions / Math.max(1, has.size));
  let left = partitions % Math.max(1, has.size);
  const byMost = [...has].toSorted(([a, own], [b, other]) => {
    return other.length - own.length || (a < b ? -1 : 1);
  });
  return new Map(byMost.map(([id]) => [id, share + (left-- > 0 ? 1 : 0)]));
}

/** Each free partition goes to whom the most is missing. */
function deal(
  free: readonly number[],
  has: ReadonlyMap<string, readonly number[]>,
  quotas: ReadonlyMap<string, number>,
): ReadonlyMap<string, number[]> {
  const dealt = new Map<string, number[]>([...has.keys()].map((id) => [id, []]));
  const missing = new Map(
    [...has].map(([id, owned]) => [id, (quotas.get(id) ?? 0) - owned.length]),
  );
  for (const partition of free) {
    const [first] = [...missing].toSorted(
      ([a, one], [b, other]) => other - one || (a < b ? -1 : 1),
    );
    if (first === undefined || first[1] <= 0) break;
    dealt.get(first[0])?.push(partition);
    missing.set(first[0], first[1] - 1);
  }
  return dealt;
}

function ownedBy(node: string, partitions: ClusterView["partitions"]): number[] {
  return partitions.filter(({ owner }) => owner === node).map(({ partition }) => partition);
}
