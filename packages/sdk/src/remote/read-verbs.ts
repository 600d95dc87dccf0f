/** Reading: outcomes, journals, explanations, lists. */
import { checkRunId, type EngineClient } from "@perdure/engine";
import { PerdureError, type RunEvent, type RunId } from "@perdure/kernel";
import type { Query } from "@perdure/store";
import { answers } from "./answers.ts";
import type { Caller } from "./caller.ts";
import { checkWall, keyOnWire, type Desk } from "./desk.ts";

type Reading = Pick<
  EngineClient,
  | "outcome"
  | "lookup"
  | "describe"
  | "journal"
  | "watch"
  | "why"
  | "whyKey"
  | "workers"
  | "versions"
  | "list"
  | "count"
>;

export function readVerbs(desk: Desk): Reading {
  const { caller, outcomes, watches } = desk;
  return {
    async outcome(runId) {
      checkRunId(runId);
      return outcomes.of(runId);
    },

    async lookup(key) {
      const query = keyOnWire(desk, key);
      const call = { params: {}, query, answer: answers.maybeRun, repeat: "any" } as const;
      return (await caller.call("keys.lookup", call)).runId;
    },

    async describe(runId) {
      checkRunId(runId);
      const call = { params: { runId }, answer: answers.view, repeat: "any" } as const;
      return caller.call("runs.describe", call);
    },

    async journal(runId, from = 1, limit = Number.POSITIVE_INFINITY) {
      checkRunId(runId);
      return journal(caller, runId, from, limit);
    },

    watch(runId, listener) {
      checkRunId(runId);
      return watches.watch(runId, listener);
    },

    async why(runId) {
      checkRunId(runId);
      const call = { params: { runId }, answer: answers.why, repeat: "any" } as const;
      return caller.call("runs.why", call);
    },

    async whyKey(key) {
      const query = keyOnWire(desk, key);
      const call = { params: {}, query, answer: answers.why, repeat: "any" } as const;
      return caller.call("keys.why", call);
    },

    async workers(namespace) {
      checkWall(desk, namespace);
      const call = { params: {}, answer: answers.workers, repeat: "any" } as const;
      return (await caller.call("workers.list", call)).workers;
    },

    async versions(namespace) {
      checkWall(desk, namespace);
      const call = { params: {}, answer: answers.versions, repeat: "any" } as const;
      return (await caller.call("workers.versions", call)).versions;
    },

    async list(query) {
      checkWall(desk, query.namespace);
      const { limit, cursor } = query;
      const search = { ...filters(query), limit, cursor };
      const call = { params: {}, query: search, answer: answers.page, repeat: "any" } as const;
      return caller.call("runs.list", call);
    },

    async count(query) {
      checkWall(desk, query.namespace);
      const search = filters(query);
      const call = { params: {}, query: search, answer: answers.count, repeat: "any" } as const;
      return (await caller.call("runs.count", call)).count;
    },
  };
}

const PAGE = 1_000;

async function journal(
  caller: Caller,
  runId: RunId,
  from: number,
  limit: number,
): Promise<readonly RunEvent[]> {
  const all: RunEvent[] = [];
  for (let at: number | undefined = from; at !== undefined && all.length < limit;) {
    const query: { from: number; limit: number } = {
      from: at,
      limit: Math.min(PAGE, limit - all.length),
    };
    const call = { params: { runId }, query, answer: answers.events, repeat: "any" } as const;
    const { events, next } = await caller.call("runs.journal", call);
    if (events.length > 0 && events[0]?.seq !== at) throw gap(runId, at);
    all.push(...events);
    // A server that stays where it is must not be followed for ever.
    at = next === undefined || events.length === 0 ? undefined : at + events.length;
  }
  return all;
}

function gap(runId: RunId, at: number): PerdureError {
  const text = `The server left event ${at} of run ${runId} out: check that it is a Perdure server.`;
  return new PerdureError("internal", text);
}

function filters(
  query: Omit<Query, "limit" | "cursor">,
): Readonly<Record<string, string | number>> {
  const { namespace: _, status, attributes, ...rest } = query;
  return {
    ...rest,
    ...(status === undefined ? {} : { status: status.join(",") }),
    ...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
  };
}
