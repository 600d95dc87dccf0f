/**
 * An engine seen from within one namespace: the only door that servers hand to strangers.
 *
 * N1  A run of another namespace is not there: every verb, reading or writing, answers with the
 *     error that a missing id has (T7).
 * N2  Whatever else names a namespace must name this one: it is refused, not corrected (T1).
 * N3  No verb is forgotten. `doors` has one for each, and the type of a verb's first argument says
 *     which door it must be: neither a missing door nor a wrong one compiles.
 */
import { PerdureError, type KeyRef, type RunEvent, type RunId } from "@perdure/kernel";
import type { EngineClient, Target } from "../client.ts";
import type { Engine } from "../engine.ts";
import { checkRunId, unknownRun } from "./desk.ts";

export interface Within {
  readonly namespace: string;
  /** Who asks, for the journal of what is asked; absent: whoever the signal itself names. */
  readonly by?: string;
}

interface Wall {
  readonly namespace: string;
  readonly engine: Pick<Engine, "namespaceOf">;
}

export function within(engine: Engine, { namespace, by }: Within): EngineClient {
  const wall: Wall = { namespace, engine };
  const inner = by === undefined ? engine : engine.as(by);
  const verbs = Object.entries(doors).map(([name, door]) => {
    const open = door as (wall: Wall, first: unknown) => unknown;
    const verb = inner[name as Verb] as (...args: unknown[]) => unknown;
    const walled = async (first: unknown, ...rest: unknown[]): Promise<unknown> =>
      verb(await open(wall, first), ...rest);
    return [name, walled];
  });
  const watch: EngineClient["watch"] = (runId, listener) => watchOwn(wall, inner, runId, listener);
  return { ...(Object.fromEntries(verbs) as Pick<EngineClient, Verb>), watch };
}

/** All but `watch`, which answers at once and so cannot wait to know whose run it is. */
type Verb = Exclude<keyof EngineClient, "watch">;

declare const checked: unique symbol;
type Own<T> = T & { readonly [checked]: true };

/** A request, with every field that could reach over the wall marked as looked at. */
type Looked<T> = {
  readonly [F in keyof T]: F extends "namespace"
    ? Own<T[F]>
    : T[F] extends RunId
      ? Own<T[F]>
      : KeyRef extends T[F]
        ? undefined extends T[F]
          ? Own<KeyRef> | undefined
          : Own<KeyRef>
        : T[F];
};

type First<V extends Verb> = Parameters<EngineClient[V]>[0];
type Rest<V extends Verb> =
  Parameters<EngineClient[V]> extends [unknown, ...infer Others] ? Others[number] : never;

type DoorOf<V extends Verb> = [Extract<Rest<V>, RunId | KeyRef>] extends [never]
  ? First<V> extends RunId
    ? typeof ownRun
    : string extends First<V>
      ? typeof ownNamespace
      : First<V> extends KeyRef
        ? typeof ownKey
        : [Target] extends [First<V>]
          ? typeof ownTarget
          : (wall: Wall, request: First<V>) => Looked<First<V>> | Promise<Looked<First<V>>>
  : never;

async function ownRun(wall: Wall, runId: RunId): Promise<Own<RunId>> {
  checkRunId(runId);
  if ((await wall.engine.namespaceOf(runId)) !== wall.namespace) throw unknownRun(runId);
  return runId as Own<RunId>;
}

function inQuery<Q extends Parameters<EngineClient["count"]>[0]>(wall: Wall, query: Q): Looked<Q> {
  // Whatever else it names, it finds nothing outside its namespace.
  return { ...query, namespace: ownNamespace(wall, query.namespace) } as Looked<Q>;
}

function ownNamespace({ namespace }: Wall, named: string): Own<string> {
  if (named === namespace) return named as Own<string>;
  throw new PerdureError(
    "forbidden",
    `What is asked for is outside the namespace "${namespace}", which is all that this access ` +
      `reaches: leave other namespaces out, or ask with an access of theirs.`,
  );
}

function ownKey(wall: Wall, key: KeyRef): Own<KeyRef> {
  ownNamespace(wall, key.namespace);
  return key as Own<KeyRef>;
}

async function ownTarget(wall: Wall, target: Target): Promise<Target> {
  if ("runId" in target) return { runId: await ownRun(wall, target.runId) };
  return { key: ownKey(wall, target.key) };
}

const doors: { readonly [V in Verb]: DoorOf<V> } = {
  start: (wall, { namespace, key, ...rest }) => ({
    ...rest,
    namespace: ownNamespace(wall, namespace),
    ...(key === undefined ? {} : { key: ownKey(wall, key) }),
  }),
  fork: async (wall, { runId, key, ...rest }) => ({
    ...rest,
    runId: await ownRun(wall, runId),
    ...(key === undefined ? {} : { key: ownKey(wall, key) }),
  }),
  list: inQuery,
  count: inQuery,
  putSchedule: (wall, { namespace, ...rest }) => ({
    ...rest,
    namespace: ownNamespace(wall, namespace),
  }),

  signal: ownTarget,
  cancel: ownTarget,
  query: ownTarget,
  update: ownTarget,

  terminate: ownRun,
  pause: ownRun,
  resume: ownRun,
  repin: ownRun,
  purge: ownRun,
  outcome: ownRun,
  describe: ownRun,
  journal: ownRun,
  why: ownRun,

  lookup: ownKey,
  whyKey: ownKey,

  workers: ownNamespace,
  versions: ownNamespace,
  publish: ownNamespace,
  startMany: ownNamespace,
  importRun: ownNamespace,
  setTrigger: ownNamespace,
  removeTrigger: ownNamespace,
  deleteSchedule: ownNamespace,
  pauseSchedule: ownNamespace,
  resumeSchedule: ownNamespace,
  triggerSchedule: ownNamespace,
  backfillSchedule: ownNamespace,
  describeSchedule: ownNamespace,
  listSchedules: ownNamespace,
  whySchedule: ownNamespace,
};

/** Events are held back until it is known whose they are; of a foreign run none ever comes. */
function watchOwn(
  wall: Wall,
  inner: EngineClient,
  ...[runId, listener]: Parameters<EngineClient["watch"]>
): () => void {
  const held: RunEvent[] = [];
  let hear: typeof listener = (events) => void held.push(...events);
  const stop = inner.watch(runId, (events) => hear(events));
  const end = (): void => {
    hear = () => undefined;
    stop();
  };
  let isWanted = true;
  const admit = (): void => {
    if (!isWanted) return;
    hear = listener;
    if (held.length > 0) listener(held);
  };
  void ownRun(wall, runId).then(admit, end);
  return () => {
    isWanted = false;
    end();
  };
}
