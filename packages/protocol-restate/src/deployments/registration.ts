/**
 * What becomes of a manifest that was discovered: pure rules over what is registered already.
 *
 * R1  The same manifest at the same address changes nothing.
 * R2  A changed manifest at a known address needs `force`: invocations in progress there would meet
 *     other code than they began with. Its id stays.
 * R3  A service keeps its type, unless `breaking` is given; handlers may come and go.
 */
import type { Deployment } from "./deployment.ts";
import type { DeploymentRecord, NamespaceCatalog, ServiceRecord } from "./catalog.ts";
import { chosenVersion, type Manifest, type ManifestService } from "./manifest.ts";
import { restateError } from "./restate-error.ts";

export interface Wanted {
  readonly uri: string;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly useHttp11: boolean;
  readonly force: boolean;
  readonly breaking: boolean;
}

export interface Found {
  readonly manifest: Manifest;
  readonly protocolMode: Deployment["protocolMode"];
  readonly useHttp11: boolean;
  readonly sdkVersion: string | undefined;
}

/** Who the record is for, and when it is made. */
export interface Identity {
  readonly id: string;
  readonly namespace: string;
  readonly createdAt: number;
}

export interface Registration {
  readonly record: DeploymentRecord;
  readonly outcome: "new" | "changed" | "unchanged";
}

/** Throws with META0004 or META0006 where the rules forbid it. */
export function registrationOf(
  catalog: NamespaceCatalog,
  wanted: Wanted,
  found: Found,
  identity: Identity,
): Registration {
  const before = catalog.records.find(({ deployment }) => deployment.uri === wanted.uri);
  if (before !== undefined && isSame(before, wanted, found)) {
    return { record: before, outcome: "unchanged" };
  }
  if (before !== undefined && !wanted.force) throw changed(before, found);
  if (!wanted.breaking) checkTypes(catalog, found.manifest);
  const id = before === undefined ? identity : { ...identity, id: before.deployment.id };
  const next = (name: string): number => (catalog.service(name)?.revision ?? 0) + 1;
  const record = recordOf(wanted, found, id, next);
  return { record, outcome: before === undefined ? "new" : "changed" };
}

/** The record of a known deployment whose manifest was read again: it is the latest for no more than before. */
export function overwritten(
  catalog: NamespaceCatalog,
  before: DeploymentRecord,
  wanted: Address,
  found: Found,
): DeploymentRecord {
  const known = new Map(before.services.map((one) => [one.manifest.name, one.revision]));
  const revisionOf = (name: string): number => {
    return known.get(name) ?? (catalog.service(name)?.revision ?? 0) + 1;
  };
  return recordOf(wanted, found, before.deployment, revisionOf);
}

type Address = Pick<Wanted, "uri" | "additionalHeaders" | "metadata">;

function recordOf(
  wanted: Address,
  { manifest, protocolMode, useHttp11, sdkVersion }: Found,
  { id, namespace, createdAt }: Identity,
  revisionOf: (service: string) => number,
): DeploymentRecord {
  const { uri, additionalHeaders, metadata } = wanted;
  const deployment: Deployment = {
    id,
    namespace,
    uri,
    additionalHeaders,
    protocolMode,
    minProtocolVersion: manifest.minProtocolVersion,
    maxProtocolVersion: manifest.maxProtocolVersion,
    protocolVersion: chosenVersion(manifest),
    useHttp11,
    createdAt,
    metadata,
    ...(sdkVersion === undefined ? {} : { sdkVersion }),
  };
  const services = manifest.services.map((service): ServiceRecord => {
    return { revision: revisionOf(service.name), manifest: service, patch: {} };
  });
  return { deployment, services };
}

function isSame(before: DeploymentRecord, wanted: Wanted, found: Found): boolean {
  const { deployment, services } = before;
  const { manifest } = found;
  return (
    sameWords(deployment.additionalHeaders, wanted.additionalHeaders) &&
    deployment.minProtocolVersion === manifest.minProtocolVersion &&
    deployment.maxProtocolVersion === manifest.maxProtocolVersion &&
    deployment.protocolMode === found.protocolMode &&
    canonical(services.map((one) => one.manifest)) === canonical(manifest.services)
  );
}

function sameWords(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  return canonical(a) === canonical(b);
}

/** An endpoint may list its services, and name its fields, in another order each time. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (Array.isArray(inner)) {
      const list: readonly unknown[] = inner;
      return list.every(isNamed) ? list.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : list;
    }
    if (typeof inner !== "object" || inner === null) return inner;
    const fields = Object.entries(inner).filter(([, field]) => field !== null);
    return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function isNamed(value: unknown): value is { readonly name: string } {
  return typeof value === "object" && value !== null && typeof nameIn(value) === "string";
}

function nameIn(value: object): unknown {
  return "name" in value ? value.name : undefined;
}

function checkTypes(catalog: NamespaceCatalog, { services }: Manifest): void {
  for (const { name, ty } of services) {
    const known = catalog.service(name);
    if (known === undefined || known.type === ty) continue;
    const text =
      `The service ${name} is a ${known.type} and would become a ${ty}: what is kept under its ` +
      "keys would be lost to it. Give it another name, or register with breaking.";
    throw restateError("conflict", "META0006", text);
  }
}

function changed({ deployment, services }: DeploymentRecord, { manifest }: Found): Error {
  const differs = differences(
    services.map((one) => one.manifest),
    manifest.services,
  );
  const text =
    `The deployment ${deployment.id} at ${deployment.uri} is registered and has changed` +
    `${differs === "" ? "" : ` (${differs})`}: register the new code at an address of its own, so ` +
    "that invocations in progress end on the code that they began with, or register with force.";
  return restateError("conflict", "META0004", text);
}

const SHOWN = 5;

function differences(
  before: readonly ManifestService[],
  after: readonly ManifestService[],
): string {
  const names = (services: readonly ManifestService[]) =>
    new Set(services.flatMap(({ name, handlers }) => handlers.map((one) => `${name}/${one.name}`)));
  const [old, now] = [names(before), names(after)];
  const words = [
    ...[...old].filter((name) => !now.has(name)).map((name) => `${name} is gone`),
    ...[...now].filter((name) => !old.has(name)).map((name) => `${name} is new`),
  ];
  const more = words.length > SHOWN ? [`and ${words.length - SHOWN} more`] : [];
  return [...words.slice(0, SHOWN), ...more].join(", ");
}
