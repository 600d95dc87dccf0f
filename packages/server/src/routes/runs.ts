/** `runs.*` but for the live ones: each verb of the engine's client, with its schemas. */
import type { RunEvent, RunId } from "@perdure/kernel";
import { wireLimits, withTrace, type PathParams } from "@perdure/wire";
import { runId as runIdSchema } from "./schemas/basics.ts";
import { checkInput } from "../http/input.ts";
import { weigh } from "../http/weigh.ts";
import { jsonRoute, silentRoute, type Ask, type Asked, type Route } from "../http/route.ts";
import type { OutcomeWaits } from "./outcome-waits.ts";
import * as take from "./schemas/runs.ts";
import * as give from "./schemas/run-answers.ts";

type RunParams = PathParams<"runs.describe">;

export function runOf({
  params,
  trace,
}: {
  readonly params: RunParams;
  readonly trace: Asked["trace"];
}): RunId {
  const runId = checkInput(runIdSchema, params.runId, "the run in the path");
  trace.about(runId);
  return runId;
}

export const startExample = {
  workflow: "greet",
  queue: "main",
  input: { value: "world" },
  key: { kind: "workflow", id: "greeting-7" },
};

export function runRoutes(waits: OutcomeWaits): readonly Route[] {
  return [...lifeRoutes(), ...readRoutes(waits), ...steeringRoutes(), ...talkRoutes()];
}

function lifeRoutes(): readonly Route[] {
  return [
    jsonRoute({
      operation: "runs.start",
      summary: "Starts a run, or finds the open one under its key",
      description: "Answered when the start is on disk. Repeat it with the same requestId at will.",
      body: take.startBody,
      example: startExample,
      status: 201,
      answer: give.started,
      async handle({ engine, caller: { namespace }, trace, body: { key, headers, ...rest } }) {
        const started = await engine.start({
          ...rest,
          ...withTrace(headers, trace.headers),
          namespace,
          ...(key ? { key: { ...key, namespace } } : {}),
        });
        trace.about(started.runId);
        return started;
      },
    }),
    jsonRoute({
      operation: "runs.startMany",
      summary: "Starts many runs at once",
      description:
        "Answered when each of them is on disk or refused; the answer has one result for each, in " +
        "their order. Repeat it at will where each has its own requestId.",
      body: take.startManyBody,
      example: { runs: [startExample, { ...startExample, key: { ...startExample.key, id: "8" } }] },
      status: 201,
      answer: give.startedMany,
      async handle({ engine, caller: { namespace }, trace, body: { runs } }) {
        const items = runs.map(({ headers, ...rest }) => {
          return { ...rest, ...withTrace(headers, trace.headers) };
        });
        return { runs: await engine.startMany(namespace, items) };
      },
    }),
    jsonRoute({
      operation: "runs.fork",
      summary: "Starts another run with the first events of this one",
      body: take.forkBody,
      example: { at: 12, overrides: { charge: { value: { declined: true } } } },
      status: 201,
      answer: give.started,
      async handle(ask) {
        const { engine, caller, body } = ask;
        const { key, ...rest } = body;
        const inside = key ? { key: { ...key, namespace: caller.namespace } } : {};
        return engine.fork({ ...rest, runId: runOf(ask), ...inside });
      },
    }),
  ];
}

function readRoutes(waits: OutcomeWaits): readonly Route[] {
  return [
    jsonRoute({
      operation: "runs.list",
      summary: "A page of runs, newest first",
      query: take.listQuery,
      answer: give.page,
      handle: async ({ engine, caller: { namespace }, query }) =>
        engine.list({ ...query, namespace }),
    }),
    jsonRoute({
      operation: "runs.count",
      summary: "How many runs there are",
      query: take.filterQuery,
      answer: give.total,
      handle: async ({ engine, caller: { namespace }, query }) => ({
        count: await engine.count({ ...query, namespace }),
      }),
    }),
    jsonRoute({
      operation: "runs.describe",
      summary: "A run: its row, its spec, and how it ended",
      answer: give.view,
      handle: async (ask) => ask.engine.describe(runOf(ask)),
    }),
    jsonRoute({
      operation: "runs.journal",
      summary: "A page of a run's journal",
      description: "A page also ends where it would grow too large; `next` says how to go on.",
      query: take.journalQuery,
      answer: give.journalPage,
      handle: journalPage,
    }),
    jsonRoute({
      operation: "runs.outcome",
      summary: "How a run ended, after continuing as new; waits for it for a while",
      query: take.outcomeQuery,
      answer: give.maybeOutcome,
      async handle(ask) {
        const { engine, query, signal } = ask;
        const runId = runOf(ask);
        // Whether this caller may see the run is asked before others' wait is shared; a start that
        // waits for its turn has no run yet, but a reason.
        await engine.describe(runId).catch(() => engine.why(runId));
        const leave = ask.stay();
        try {
          const ended = await waits.wait(
            runId,
            () => engine.outcome(runId),
            query.waitMs,
            signal(),
          );
          return ended === undefined ? {} : { outcome: ended };
        } finally {
          leave();
        }
      },
    }),
    jsonRoute({
      operation: "runs.why",
      summary: "Why a run does not go on, and what to do about it",
      answer: give.explanation,
      handle: async (ask) => ask.engine.why(runOf(ask)),
    }),
  ];
}

function steeringRoutes(): readonly Route[] {
  return [
    silentRoute({
      operation: "runs.cancel",
      summary: "Asks a run to end, undoing what it did",
      body: take.reasonBody,
      example: { reason: "the customer changed their mind" },
      handle: async (ask) => ask.engine.cancel({ runId: runOf(ask) }, ask.body.reason),
    }),
    silentRoute({
      operation: "runs.terminate",
      summary: "Ends a run at once; nothing is undone",
      body: take.reasonBody,
      handle: async (ask) => ask.engine.terminate(runOf(ask), ask.body.reason),
    }),
    silentRoute({
      operation: "runs.pause",
      summary: "Keeps a run from going on",
      body: take.pauseBody,
      handle: async (ask) => ask.engine.pause(runOf(ask), ask.body.message),
    }),
    silentRoute({
      operation: "runs.resume",
      summary: "Lets a paused run go on",
      body: take.emptyBody,
      handle: async (ask) => ask.engine.resume(runOf(ask)),
    }),
    silentRoute({
      operation: "runs.repin",
      summary: "Moves a run to workers of another version, or of any",
      body: take.repinBody,
      example: { version: "2026-11-26" },
      handle: async (ask) => ask.engine.repin(runOf(ask), ask.body.version),
    }),
    silentRoute({
      operation: "runs.purge",
      summary: "Forgets a closed run now, whatever its retention",
      body: take.emptyBody,
      handle: async (ask) => ask.engine.purge(runOf(ask)),
    }),
  ];
}

function talkRoutes(): readonly Route[] {
  return [
    silentRoute({
      operation: "runs.signal",
      summary: "Sends a run a message; answered when it is on disk",
      body: take.signalBody,
      example: { name: "approval", payload: { value: { by: "maria" } } },
      handle: async (ask) => ask.engine.signal({ runId: runOf(ask) }, ask.body),
    }),
    jsonRoute({
      operation: "runs.query",
      summary: "Asks a run's code a question that changes nothing",
      body: take.queryBody,
      example: { name: "progress", input: { value: null } },
      answer: give.output,
      handle: async (ask) => {
        const { name, input } = ask.body;
        return { output: await ask.engine.query({ runId: runOf(ask) }, name, input) };
      },
    }),
    jsonRoute({
      operation: "runs.update",
      summary: "Asks a run's code for a change, and waits for its answer",
      body: take.updateBody,
      example: { name: "setAddress", input: { value: "12 Elm Street" }, id: "address-1" },
      answer: give.maybeOutput,
      handle: async (ask) => {
        const { name, input, id } = ask.body;
        const output = await ask.engine.update({ runId: runOf(ask) }, name, input, id);
        return output === undefined ? {} : { output };
      },
    }),
  ];
}

type JournalAsk = Ask<"runs.journal", { readonly from: number; readonly limit: number }, undefined>;

/** Events that are read at a time: each may hold a payload of megabytes. */
const CHUNK = 50;

/** At least one event, then as many as fit into an answer. */
async function journalPage(
  ask: JournalAsk,
): Promise<{ readonly events: readonly RunEvent[]; readonly next?: number }> {
  const runId = runOf(ask);
  const { from, limit } = ask.query;
  const page: RunEvent[] = [];
  let bytes = 0;
  while (page.length < limit) {
    const want = Math.min(CHUNK, limit - page.length);
    const events = await ask.engine.journal(runId, from + page.length, want);
    for (const event of events) {
      bytes += weigh(event);
      if (page.length > 0 && bytes > wireLimits.jsonBytes) {
        return { events: page, next: from + page.length };
      }
      page.push(event);
    }
    if (events.length < want) return { events: page };
  }
  return { events: page, next: from + page.length };
}
