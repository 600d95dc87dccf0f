/**
 * A lease that one holder has at a time, with a fencing token. It is acquired where nobody has it,
 * given back, or seized from whoever has it; a resource takes writes with tokens.
 *
 * 1. No two grants have the same token.
 * 2. A grant that was asked for after another one was made has a higher token.
 * 3. Nobody acquires it while another one has it: that one was giving it back, or somebody was
 *    seizing it.
 * 4. The resource never takes a write with a lower token than it has taken before, nor one with a
 *    token that nobody may have.
 */

export interface Grant {
  readonly token: number;
  readonly how: "acquire" | "seize";
  readonly askedAt: number;
  /** Absent: nobody heard of it, and whoever has it does not know. */
  readonly grantedAt?: number;
  /** When its holder first asked to give it back. */
  readonly releaseAskedAt?: number;
}

export interface LeaseHistory {
  /** With those that the resource or another holder has shown to exist. */
  readonly grants: readonly Grant[];
  /** Grants that were asked for and never answered: their tokens are not known. */
  readonly doubtful: readonly Pick<Grant, "how" | "askedAt">[];
  /** The tokens of the writes that the resource took, in its order. */
  readonly writes: readonly number[];
}

export function leases(history: LeaseHistory): readonly string[] {
  return [...tokens(history), ...exclusion(history), ...fencing(history)];
}

function* tokens({ grants }: LeaseHistory): Generator<string> {
  const seen = new Set<number>();
  for (const { token } of grants) {
    if (seen.has(token)) yield `token ${token} was granted twice`;
    seen.add(token);
  }
  for (const later of grants) {
    const earlier = grants.find(
      (grant) => (grant.grantedAt ?? Infinity) < later.askedAt && grant.token > later.token,
    );
    if (earlier !== undefined) {
      yield `token ${later.token} was asked for after ${earlier.token} was granted`;
    }
  }
}

function* exclusion({ grants, doubtful }: LeaseHistory): Generator<string> {
  const seizures = [...grants, ...doubtful].filter(({ how }) => how === "seize");
  for (const grant of grants) {
    const { grantedAt } = grant;
    if (grant.how === "seize" || grantedAt === undefined) continue;
    const holder = grants.find((other) => {
      if (other.token >= grant.token || (other.grantedAt ?? Infinity) >= grantedAt) return false;
      const wasFreed = (other.releaseAskedAt ?? Infinity) < grantedAt;
      // A seizure takes it from those before, and may itself have given it back, unheard of.
      const wasSeized = seizures.some((seizure) => {
        return !isBefore(seizure, other) && seizure.askedAt < grantedAt;
      });
      return !wasFreed && !wasSeized;
    });
    if (holder !== undefined) {
      yield `token ${grant.token} was acquired while ${holder.token} had it`;
    }
  }
}

/** Surely: by its token, where that is known. */
function isBefore(seizure: Partial<Grant>, { token }: Grant): boolean {
  return seizure.token !== undefined && seizure.token <= token;
}

function* fencing({ grants, doubtful, writes }: LeaseHistory): Generator<string> {
  const known = new Set(grants.map(({ token }) => token));
  const strangers = new Set<number>();
  let highest = 0;
  for (const token of writes) {
    if (token < highest) yield `a write with token ${token} was taken after one with ${highest}`;
    highest = Math.max(highest, token);
    if (!known.has(token)) strangers.add(token);
  }
  if (strangers.size > doubtful.length) {
    yield `writes were taken with tokens that nobody may have: ${[...strangers].join(", ")}`;
  }
}
