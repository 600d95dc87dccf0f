/** What the verbs stand on. */
import { checkKey, type Target } from "@perdure/engine";
import { PerdureError, type KeyRef } from "@perdure/kernel";
import type { Caller } from "./caller.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Watches } from "./watches.ts";

export interface Desk {
  /** Of the credential: the only one that this connection reaches. */
  readonly namespace: string;
  readonly caller: Caller;
  readonly outcomes: Outcomes;
  readonly watches: Watches;
  readonly newId: () => string;
  /** A request id that names its run: whoever repeats the start finds the run by it, at no cost. */
  readonly newRequest: () => string;
}

/** Throws where somebody asks for another namespace than the credential's. */
export function checkWall({ namespace }: Pick<Desk, "namespace">, asked: string): void {
  if (asked === namespace) return;
  const text =
    `This connection is for the namespace "${namespace}": to reach "${asked}", connect with a ` +
    `credential of that namespace.`;
  throw new PerdureError("forbidden", text);
}

/** A key as the API takes it: its namespace is the credential's. */
export type WireKey = Readonly<Record<"kind" | "id", string>>;

export function keyOnWire(desk: Desk, key: KeyRef): WireKey {
  checkKey(key);
  checkWall(desk, key.namespace);
  return { kind: key.kind, id: key.id };
}

/** For a start to which nobody gave an id. A key remembers its requests by itself, and signals too. */
export function requestIdFor(
  desk: Desk,
  { key, signal }: { readonly key?: unknown; readonly signal?: unknown },
): string {
  return key === undefined && signal === undefined ? desk.newRequest() : desk.newId();
}

export function isKeyed(target: Target): target is { readonly key: KeyRef } {
  return "key" in target;
}
