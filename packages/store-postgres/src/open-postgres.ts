/** One database or several, by their addresses. */
import { randomUUID } from "node:crypto";
import { SpreadStore, type Store } from "@perdure/store";
import { parseAddress } from "./address.ts";
import type { PostgresOptions } from "./options.ts";
import { PostgresStore } from "./postgres-store.ts";

/** An address may have commas of its own, between hosts. */
const between = /,(?=postgres(?:ql)?:\/\/)/;

/**
 * `addresses`: whole ones with commas between, always in the order in which the cluster was made.
 * Partitions are spread over the databases, each of which takes the writes of its own.
 */
export async function openPostgres(
  addresses: string,
  options: PostgresOptions = {},
): Promise<Store> {
  const opening = addresses.split(between).map((one) => PostgresStore.open(one, options));
  const opened = await Promise.allSettled(opening);
  const stores = opened.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed === undefined) return SpreadStore.open(stores, randomUUID);
  await Promise.allSettled(stores.map((store) => store.close()));
  throw failed.reason;
}

/** Addresses as people may be told of them, which are the same for the same store. */
export function shownAddresses(addresses: string): string {
  return addresses
    .split(between)
    .map((one) => parseAddress(one).shown)
    .join(",");
}
