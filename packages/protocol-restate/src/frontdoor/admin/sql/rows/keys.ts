/** What lives under the keys of objects and workflows: state, promises, the run that holds them. */
import { keyStream, limits, slotOfKey, type KeyRef, type Payload } from "@perdure/kernel";
import type { KeyView } from "@perdure/engine";
import { invocationId } from "../../../../ids/invocation-id.ts";
import { resultOfPayload } from "../../../../projection/payloads.ts";
import { KEY_KINDS, serviceOfKind } from "../../invocations/target.ts";
import { passes } from "../filters.ts";
import type { Row } from "../tables.ts";
import { RESTATE_QUEUE } from "../../../../projection/placement.ts";
import { timeIf, type Source } from "./source.ts";

interface Keyed {
  readonly key: KeyRef;
  readonly service: string;
  readonly view: KeyView;
}

export async function stateRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const keyed of await keysOf(source)) {
    source.bounds.take("sqlEntries", keyed.view.entries.length);
    for (const [name, { data }] of keyed.view.entries) {
      rows.push({
        ...placeOf(keyed),
        key: name,
        key_length: new TextEncoder().encode(name).length,
        value: data,
        value_utf8: textOf(data),
        value_length: data.length,
      });
    }
  }
  return rows;
}

export async function promiseRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const keyed of await keysOf(source)) {
    for (const [name, value] of keyed.view.promises) {
      rows.push({ ...placeOf(keyed), key: name, completed: value ? 1 : 0, ...settled(value) });
    }
  }
  return rows;
}

function settled(value: Payload | undefined): Row {
  if (value === undefined) return {};
  const result = resultOfPayload(value);
  if (result.type === "value") {
    const { value: bytes } = result;
    return {
      completion_success_value: bytes,
      completion_success_value_utf8: textOf(bytes),
    };
  }
  const { code, message } = result.failure;
  return { completion_failure: `[${code}] ${message}` };
}

export async function inboxRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const keyed of await heldKeys(source)) {
    for (const [at, { spec, since }] of keyed.view.inbox.entries()) {
      rows.push({
        ...placeOf(keyed),
        id: invocationId(spec.runId),
        sequence_number: at,
        created_at: timeIf(since),
      });
    }
  }
  return rows;
}

export async function holderRows(source: Source): Promise<readonly Row[]> {
  return (await heldKeys(source)).flatMap((keyed) => {
    const { current } = keyed.view;
    return current?.isOpen === true
      ? [{ ...placeOf(keyed), invocation_id: invocationId(current.runId) }]
      : [];
  });
}

export async function lockRows(source: Source): Promise<readonly Row[]> {
  return (await heldKeys(source)).flatMap(({ key, service, view }) => {
    const { current } = view;
    if (current?.isOpen !== true) return [];
    const name = `${service}/${key.id}`;
    const by = invocationId(current.runId);
    return [{ partition_key: slotOfKey(key), lock_name: name, acquired_by: by }];
  });
}

function placeOf({ key, service }: Keyed): Row {
  return { partition_key: slotOfKey(key), service_name: service, service_key: key.id };
}

/** The keys that the filters leave, by service and key where both are named. */
async function keysOf(source: Source): Promise<readonly Keyed[]> {
  const { filters, desk } = source;
  const { namespace } = desk;
  const ids = filters["service_key"]?.isOne;
  const services = filters["service_name"]?.isOne;
  if (ids !== undefined && services !== undefined) {
    const named = [...services].flatMap((service) =>
      KEY_KINDS.flatMap((kind) => [...ids].map((id) => ({ namespace, kind: kind + service, id }))),
    );
    return viewsOf(source, named);
  }
  const kinds = services
    ? [...services].flatMap((service) => KEY_KINDS.map((kind) => kind + service))
    : KEY_KINDS;
  const keys: KeyRef[] = [];
  for (const kind of kinds) keys.push(...(await keysUnder(source, kind)));
  return viewsOf(source, keys);
}

async function keysUnder({ desk, bounds, filters }: Source, kind: string): Promise<KeyRef[]> {
  const keys: KeyRef[] = [];
  let after: KeyRef | undefined;
  for (;;) {
    const page = await desk.keys.under(desk.namespace, kind, limits.pageRows, after);
    const own = page.filter((key) => isWanted({ filters }, key));
    bounds.take("sqlKeys", own.length);
    keys.push(...own);
    after = page.at(-1);
    if (page.length < limits.pageRows) return keys;
  }
}

function isWanted({ filters }: Pick<Source, "filters">, { kind, id }: KeyRef): boolean {
  const service = serviceOfKind(kind);
  const isService = service !== undefined && passes(filters["service_name"], service);
  return isService && passes(filters["service_key"], id);
}

/** A key that a run holds is that of a row in the list of open ones. */
async function heldKeys(source: Source): Promise<readonly Keyed[]> {
  const { desk, bounds } = source;
  const { engine, namespace } = desk;
  const keys = new Map<string, KeyRef>();
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const status = ["open", "paused"] as const;
    const page = await engine.list({ namespace, status, limit: limits.pageRows, ...more });
    bounds.take("sqlInvocations", page.rows.length);
    for (const { key: id, keyKind: kind, queue } of page.rows) {
      if (id === undefined || kind === undefined || queue !== RESTATE_QUEUE) continue;
      const key = { namespace, kind, id };
      if (isWanted(source, key)) keys.set(keyStream(key), key);
    }
    ({ cursor } = page);
  } while (cursor !== undefined);
  bounds.take("sqlKeys", keys.size);
  return viewsOf(source, [...keys.values()]);
}

async function viewsOf({ desk }: Source, keys: readonly KeyRef[]): Promise<readonly Keyed[]> {
  const views: Keyed[] = [];
  for (const key of keys) {
    const service = serviceOfKind(key.kind);
    if (service === undefined) continue;
    views.push({ key, service, view: await desk.keys.view(key) });
  }
  return views;
}

/** Null where the bytes are no text. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
