/**
 * An engine as callers see it who do not care which node they ask. What takes several nodes, or
 * several looks, is put together here.
 */
import { keyStream, runStream, type Outcome, type RunEvent, type RunId } from "@perdure/kernel";
import type { EngineClient, Target } from "../client.ts";
import { unknownRun } from "../client/desk.ts";
import { arrivalOf, holderOf } from "../client/import.ts";
import type { KeyedStateVerbs } from "../client/keyed-state.ts";
import { drawRunId } from "../client/start.ts";
import type { Env } from "../env.ts";
import { gatheredVerbs } from "./gathering.ts";
import type { Router } from "./router.ts";
import type { Watching } from "./watching.ts";
import type { Answer, Args, Routed } from "./ways.ts";

export interface RoutedParts {
  readonly env: Env;
  readonly router: Router;
  readonly watching: Watching;
}

/** Passes a verb on as it is. */
type Via = <V extends Routed>(verb: V) => (...args: Args<V>) => Promise<Answer<V>>;

/** `by`: who asks, for the journal of what is asked. */
export function routedClient(parts: RoutedParts, by?: string): EngineClient {
  const { router, watching } = parts;
  const via: Via =
    (verb) =>
    (...args) =>
      router.route(by, verb, args);
  return {
    ...startVerbs(via, router, by),
    ...controlVerbs(via),
    ...talkVerbs(via, parts.env),
    ...readVerbs(via),
    ...scheduleVerbs(via),
    ...gatheredVerbs(router, by),
    watch: (runId, listener) => watching.watch(runId, listener),
  };
}

export function routedKeyedState({ router }: RoutedParts): KeyedStateVerbs {
  return {
    entries: async (key) => new Map(await router.route(undefined, "entries", [key])),
    write: (...args) => router.route(undefined, "write", args),
    clear: (...args) => router.route(undefined, "clear", args),
  };
}

function startVerbs(
  via: Via,
  router: Router,
  by: string | undefined,
): Pick<EngineClient, "start" | "fork" | "importRun"> {
  const namespaceOf = via("namespaceOf");
  return {
    start: via("start"),
    fork: via("fork"),
    async importRun(namespace, journal) {
      const { spec, isOpen } = arrivalOf(namespace, journal);
      const isThere = (await namespaceOf(spec.runId)) !== undefined;
      const holder = isThere ? undefined : holderOf(spec, isOpen);
      const home = holder ? keyStream(holder) : runStream(spec.runId);
      return router.route(by, "importRun", [namespace, journal], home);
    },
  };
}

type Control = "signal" | "cancel" | "terminate" | "pause" | "resume" | "repin" | "purge";

function controlVerbs(via: Via): Pick<EngineClient, Control> {
  return {
    signal: via("signal"),
    cancel: via("cancel"),
    terminate: via("terminate"),
    pause: via("pause"),
    resume: via("resume"),
    repin: via("repin"),
    purge: via("purge"),
  };
}

/** A run under a key may live elsewhere than its key: an imported one brings its own id. */
function talkVerbs(via: Via, env: Env): Pick<EngineClient, "query" | "update" | "publish"> {
  const lookup = via("lookup");
  const query = via("query");
  const update = via("update");
  const publish = via("publish");
  const drawId = (): string => drawRunId(env);
  const runOf = async (target: Target): Promise<Target> => {
    if ("runId" in target) return target;
    const runId = await lookup(target.key);
    return runId === undefined ? target : { runId };
  };
  return {
    query: async (target, name, input) => query(await runOf(target), name, input),
    update: async (target, name, input, id = drawId()) =>
      update(await runOf(target), name, input, id),
    publish: (namespace, event, body) => publish(namespace, event, { id: drawId(), ...body }),
  };
}

type Reading = "outcome" | "describe" | "journal" | "lookup" | "why" | "whyKey" | "whySchedule";

function readVerbs(via: Via): Pick<EngineClient, Reading> {
  const ending = via("ending");
  const namespaceOf = via("namespaceOf");
  return {
    describe: via("describe"),
    lookup: via("lookup"),
    why: via("why"),
    whyKey: via("whyKey"),
    whySchedule: via("whySchedule"),
    journal: (runId, from, limit) => wholeJournal(via("page"), runId, from, limit),
    outcome: (runId) => followed(runId, ending, namespaceOf),
  };
}

type ScheduleVerb =
  | "setTrigger"
  | "removeTrigger"
  | "putSchedule"
  | "deleteSchedule"
  | "pauseSchedule"
  | "resumeSchedule"
  | "triggerSchedule"
  | "backfillSchedule"
  | "describeSchedule";

function scheduleVerbs(via: Via): Pick<EngineClient, ScheduleVerb> {
  return {
    setTrigger: via("setTrigger"),
    removeTrigger: via("removeTrigger"),
    putSchedule: via("putSchedule"),
    deleteSchedule: via("deleteSchedule"),
    pauseSchedule: via("pauseSchedule"),
    resumeSchedule: via("resumeSchedule"),
    triggerSchedule: via("triggerSchedule"),
    backfillSchedule: via("backfillSchedule"),
    describeSchedule: via("describeSchedule"),
  };
}

/** A journal only grows, so pages of it from anywhere fit together. */
async function wholeJournal(
  page: (...args: Args<"page">) => Promise<readonly RunEvent[]>,
  runId: RunId,
  from = 1,
  limit = Infinity,
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const left = limit - events.length;
    const more = await page(runId, from + events.length, Number.isFinite(left) ? left : undefined);
    events.push(...more);
    if (more.length === 0 || events.length >= limit) return events;
  }
}

/** The end of a run, and of those that it continued as. */
async function followed(
  runId: RunId,
  ending: (runId: RunId) => Promise<Outcome>,
  namespaceOf: (runId: RunId) => Promise<string | undefined>,
): Promise<Outcome> {
  for (let at = runId; ;) {
    const outcome = await ending(at);
    if (outcome.status !== "continued") return outcome;
    const next = outcome.runId;
    // A journal from elsewhere may name any run as its next one.
    const [from, to] = await Promise.all([namespaceOf(at), namespaceOf(next)]);
    if (from !== to) throw unknownRun(next);
    at = next;
  }
}
