/**
 * A node's part in its cluster: who lives, who has what, and what this one should have.
 *
 * C1  Each database is asked by itself and decides about its own partitions, membership and all: one
 *     that is down, or out of reach of this node alone, costs no partition of the others.
 */
import { PerdureError } from "@perdure/kernel";
import { sealedError, type NodeRecord, type Store } from "@perdure/store";
import type { Links } from "../commit/link.ts";
import type { Requests } from "../commit/requests.ts";
import type { ClusterStanding } from "../core/stats.ts";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import type { Recovery } from "../streams/recovery.ts";
import type { Rest } from "../streams/rest.ts";
import type { Leases } from "../workers/leases.ts";
import type { Matcher } from "../workers/matcher.ts";
import type { Registry } from "../workers/registry.ts";
import { reportOf, type ClusterReport } from "./cluster-view.ts";
import { Lending } from "./lending.ts";
import { MailCarrier } from "./mail-carrier.ts";
import { Membership } from "./membership.ts";
import { Memberships } from "./memberships.ts";
import type { NodeTerms } from "./node-options.ts";
import type { Owners } from "./owners.ts";
import { Ownership } from "./ownership.ts";
import { Peers } from "./peers.ts";
import type { Router } from "./router.ts";
import { ViewedOwners } from "./viewed-owners.ts";

export interface ClusterParts {
  readonly store: Store;
  readonly env: Env;
  readonly terms: NodeTerms;
  readonly partitions: readonly Partition[];
  readonly recovery: Recovery;
  readonly rest: Rest;
  readonly links: Links;
  readonly requests: Requests;
  readonly matcher: Matcher;
  readonly leases: Leases;
  readonly registry: Registry;
  readonly ready: (partition: Partition) => void;
  readonly abandon: (database: number) => void;
}

/** What a node is in one database. */
interface Standing {
  readonly membership: Membership;
  readonly ownership: Ownership;
}

export class Cluster {
  readonly owners: Owners;
  readonly peers: Peers;
  readonly carrier: MailCarrier;
  /** A call is sent after its partition for at most so long. */
  readonly forwardMs: number;
  readonly #parts: ClusterParts;
  /** By database. */
  readonly #standings: readonly Standing[];
  readonly #memberships: Memberships;
  readonly #lending: Lending;

  constructor(parts: ClusterParts) {
    const { store, terms, partitions } = parts;
    this.#parts = parts;
    for (const partition of partitions) partition.phase = "elsewhere";
    const changed = (): void => owners.changed();
    this.#standings = Array.from({ length: store.databases }, (_, database) =>
      standingIn({ ...parts, database, changed }),
    );
    this.#memberships = new Memberships(this.#standings.map(({ membership }) => membership));
    const owners = new ViewedOwners(terms.id, this.#memberships, partitions);
    this.owners = owners;
    this.forwardMs = terms.forwardMs;
    const { env, leaseMs, network } = { ...parts, ...terms };
    this.peers = new Peers({ env, network, owners, me: terms, leaseMs });
    // It may have left, and what it had is there to be taken.
    this.peers.onClose(() => this.#memberships.look());
    this.carrier = new MailCarrier({ ...parts, owners, peers: this.peers });
    this.#lending = new Lending({ ...parts, peers: this.peers });
  }

  /** How the store and the other nodes say that things are. */
  report(router: Router): Promise<ClusterReport> {
    const { store, env, terms } = this.#parts;
    return reportOf({ store, env, self: terms.id, memberships: this.#memberships, router });
  }

  /** What this node can tell without asking anybody. */
  get standing(): ClusterStanding {
    const { owners, peers } = this;
    const others = owners.others();
    const isOpenTo = (owner: NodeRecord | "here" | undefined): boolean =>
      owner === "here" || (owner !== undefined && peers.to(owner.id) !== undefined);
    return {
      nodes: others.length + 1,
      peers: others.filter(({ id }) => peers.to(id) !== undefined).length,
      beatAgeMs: this.#memberships.beatAgeMs(this.#parts.terms.id),
      isWithinLease: this.#memberships.isWithinLease,
      partitionsReached: this.#parts.partitions.filter(({ number, refusal }) => {
        return refusal === undefined && isOpenTo(owners.ownerOf(number));
      }).length,
    };
  }

  /** This node may still answer for what it has; a process that was frozen finds out here. */
  checkLease(): void {
    const late = this.#standings.filter(({ membership }) => !membership.isWithinLease);
    if (late.length === 0) return;
    if (late.length < this.#standings.length) {
      for (const { ownership } of late) ownership.stepDown();
      return;
    }
    const text = "This node could not tell the store that it lives: send the call to another.";
    throw new PerdureError("fenced", text);
  }

  /** A store that is sealed is no place for a node: it would wait there for partitions for ever. */
  async start(): Promise<void> {
    await Promise.all(this.#standings.map(({ membership }) => membership.start()));
    const [sealed] = this.#memberships.partitions.flatMap(({ seal }) => seal ?? []);
    if (sealed !== undefined) {
      await Promise.all(this.#standings.map(({ membership }) => membership.stop()));
      throw sealedError(sealed);
    }
    this.#lending.start();
    this.peers.start();
  }

  /** Gives everything away, for as long as there is somebody to take it. */
  async leave(): Promise<void> {
    await Promise.all(
      this.#standings.map(async ({ membership, ownership }) => {
        membership.leave();
        await ownership.giveAll();
        ownership.stop();
        await membership.stop();
      }),
    );
  }

  halt(): void {
    for (const { membership, ownership } of this.#standings) {
      membership.halt();
      ownership.stop();
    }
    this.carrier.stop();
    this.peers.stop();
  }
}

type StandingParts = ClusterParts & {
  readonly database: number;
  readonly changed: () => void;
};

function standingIn(parts: StandingParts): Standing {
  const membership = new Membership({
    ...parts,
    onView: (view) => ownership.see(view),
    onLapse: () => ownership.stepDown(),
  });
  const ownership: Ownership = new Ownership({ ...parts, membership });
  return { membership, ownership };
}
