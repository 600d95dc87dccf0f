/** A node's part in its cluster: who lives, who has what, and what this one should have. */
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
}

export class Cluster {
  readonly owners: Owners;
  readonly peers: Peers;
  readonly carrier: MailCarrier;
  /** A call is sent after its partition for at most so long. */
  readonly forwardMs: number;
  readonly #parts: ClusterParts;
  readonly #membership: Membership;
  readonly #ownership: Ownership;
  readonly #lending: Lending;

  constructor(parts: ClusterParts) {
    const { terms, partitions } = parts;
    this.#parts = parts;
    for (const partition of partitions) partition.phase = "elsewhere";
    this.#membership = new Membership({
      ...parts,
      onView: (view) => this.#ownership.see(view),
      onLapse: () => this.#ownership.stepDown(),
    });
    const owners = new ViewedOwners(terms.id, this.#membership, partitions);
    this.owners = owners;
    this.forwardMs = terms.forwardMs;
    const { env, leaseMs, network } = { ...parts, ...terms };
    this.peers = new Peers({ env, network, owners, me: terms, leaseMs });
    // It may have left, and what it had is there to be taken.
    this.peers.onClose(() => this.#membership.look());
    this.carrier = new MailCarrier({ ...parts, owners, peers: this.peers });
    this.#lending = new Lending({ ...parts, peers: this.peers });
    this.#ownership = new Ownership({
      ...parts,
      membership: this.#membership,
      changed: () => owners.changed(),
    });
  }

  /** How the store and the other nodes say that things are. */
  report(router: Router): Promise<ClusterReport> {
    const { store, env, terms } = this.#parts;
    return reportOf({ store, env, self: terms.id, membership: this.#membership, router });
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
      beatAgeMs: this.#membership.beatAgeMs(this.#parts.terms.id),
      isWithinLease: this.#membership.isWithinLease,
      partitionsReached: this.#parts.partitions.filter(({ number }) => {
        return isOpenTo(owners.ownerOf(number));
      }).length,
    };
  }

  /** This node may still answer for what it has; a process that was frozen finds out here. */
  checkLease(): void {
    if (this.#membership.isWithinLease) return;
    const text = "This node could not tell the store that it lives: send the call to another.";
    throw new PerdureError("fenced", text);
  }

  /** A store that is sealed is no place for a node: it would wait there for partitions for ever. */
  async start(): Promise<void> {
    await this.#membership.start();
    const [sealed] = this.#membership.view.partitions.flatMap(({ seal }) => seal ?? []);
    if (sealed !== undefined) {
      await this.#membership.stop();
      throw sealedError(sealed);
    }
    this.#lending.start();
    this.peers.start();
  }

  /** Gives everything away, for as long as there is somebody to take it. */
  async leave(): Promise<void> {
    this.#membership.leave();
    await this.#ownership.giveAll();
    this.#ownership.stop();
    await this.#membership.stop();
  }

  halt(): void {
    this.#membership.halt();
    this.#ownership.stop();
    this.carrier.stop();
    this.peers.stop();
  }
}
