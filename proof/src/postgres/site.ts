/** A PostgreSQL behind a proxy, a store on it, and two writers that own all its partitions. */
import { setTimeout as delay } from "node:timers/promises";
import type { Store } from "@perdure/store";
import { PostgresStore } from "@perdure/store-postgres";
import { Random } from "../fuzz/random.ts";
import { FaultProxy } from "../network/fault-proxy.ts";
import { postgres } from "../network/postgres-framing.ts";
import { PostgresServer } from "./postgres-server.ts";
import { Writer } from "./writer.ts";

/** By which the store's connections are told from others. */
export const APPLICATION = "perdure-proof";
const PARTITIONS = 4;
const POLL_MS = 2;
/** So many show that a writer is at work again. */
const COMMITS = 5;

export class Site {
  /** The primary. */
  server: PostgresServer;
  readonly proxy: FaultProxy;
  readonly store: Store;
  readonly writers: readonly Writer[];

  private constructor(server: PostgresServer, proxy: FaultProxy, store: Store, seed: number) {
    this.server = server;
    this.proxy = proxy;
    this.store = store;
    const random = new Random(seed);
    const pairs = [
      [0, 1],
      [2, 3],
    ] as const;
    this.writers = pairs.map((pair) => new Writer(() => store, pair, random));
  }

  static async open(seed: number): Promise<Site> {
    const server = await PostgresServer.create();
    const proxy = await FaultProxy.listen({ target: server.port, framing: postgres });
    const store = await openStore(server.urlAt(proxy.port));
    const site = new Site(server, proxy, store, seed);
    for (const writer of site.writers) await writer.open();
    return site;
  }

  /** The process ids of the backends that the store talks to. */
  async backends(): Promise<readonly number[]> {
    return this.server.backends(APPLICATION);
  }

  get complaints(): readonly string[] {
    return this.writers.flatMap(({ complaints }) => complaints);
  }

  /** Waits for it; or for a complaint, after which nothing else matters. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && this.complaints.length === 0) await delay(POLL_MS);
  }

  /** Every writer has got something done from now on. */
  async workUnderWay(): Promise<void> {
    const before = this.writers.map(({ tally }) => tally.done);
    await this.until(() =>
      this.writers.every(({ tally }, i) => tally.done >= (before[i] ?? 0) + COMMITS),
    );
  }

  /** By a store that has seen nothing of all that, and goes straight to the database. */
  async audit(): Promise<void> {
    this.proxy.heal();
    await this.proxy.deliverStranded();
    for (const writer of this.writers) await writer.open();
    const fresh = await openStore(this.server.urlAt());
    try {
      for (const writer of this.writers) await writer.audit(fresh);
    } finally {
      await fresh.close();
    }
  }

  async dispose(): Promise<void> {
    await this.store.close().catch(() => undefined);
    await this.proxy.close();
    await this.server.dispose();
  }
}

function openStore(url: string): Promise<Store> {
  return PostgresStore.open(url, { partitions: PARTITIONS, applicationName: APPLICATION });
}
