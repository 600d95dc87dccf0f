/** Reading: outcomes, journals, explanations, lists. Only what is durable is shown. */
import { invariant, PerdureError, rowOf, type RunEvent } from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { readEvents } from "../streams/journal.ts";
import { checkKey, checkNamespace } from "./checks.ts";
import {
  arrived,
  checkRunId,
  currentRun,
  findDurableRun,
  namespaceOf,
  queuedIn,
  unknownRun,
  type Desk,
} from "./desk.ts";

type Reading = Pick<
  EngineClient,
  "outcome" | "lookup" | "describe" | "journal" | "watch" | "versions" | "list" | "count"
>;

export function readVerbs(desk: Desk): Reading {
  return {
    async outcome(runId) {
      for (let at = runId; ;) {
        const outcome = await endOf(desk, at);
        if (outcome.status !== "continued") return outcome;
        const next = outcome.runId;
        // A journal from elsewhere may name any run as its next one.
        const [from, to] = await Promise.all([namespaceOf(desk, at), namespaceOf(desk, next)]);
        if (from !== to) throw unknownRun(next);
        at = next;
      }
    },

    lookup(key) {
      checkKey(key);
      return currentRun(desk, key);
    },

    async describe(runId) {
      const { run } = await findDurableRun(desk, runId);
      const row = rowOf(run);
      invariant(row && run.spec, "a run without a spec was found");
      const { outcome } = run;
      return { row, spec: run.spec, seq: run.seq, ...(outcome ? { outcome } : {}) };
    },

    async journal(runId, from = 1, limit) {
      const live = await findDurableRun(desk, runId);
      const { journal } = live;
      if (journal)
        return journal.slice(from - 1, limit === undefined ? undefined : from - 1 + limit);
      const { durable } = live;
      const events = ((await readEvents(desk.store, live.stream, from, limit)) ?? []) as RunEvent[];
      return events.filter(({ seq }) => seq <= durable);
    },

    watch(runId, listener) {
      desk.checkOpen();
      checkRunId(runId);
      return desk.listeners.watch(runId, listener);
    },

    async versions(namespace) {
      checkNamespace(namespace);
      await listed(desk);
      return desk.store.versions(namespace);
    },

    async list(query) {
      checkNamespace(query.namespace);
      await listed(desk);
      return desk.store.search(query);
    },

    async count(query) {
      checkNamespace(query.namespace);
      await listed(desk);
      return desk.store.count(query);
    },
  };
}

/** How the run itself ended, once it is durable: continue-as-new is an end too. */
export async function endOf(
  desk: Desk,
  runId: Parameters<EngineClient["outcome"]>[0],
): ReturnType<EngineClient["outcome"]> {
  desk.checkOpen();
  checkRunId(runId);
  // In memory, nothing has to be waited for; of a start that waits for its turn there is nothing to read.
  const here = desk.loader.findRun(runId);
  if (here === undefined && desk.listeners.expectedIn(runId) !== undefined) {
    return desk.listeners.outcome(runId);
  }
  const live = here ?? (await arrived(desk, runId));
  const { run } = live;
  if (run.outcome !== undefined && live.durable === run.seq) return run.outcome;
  if (run.spec === undefined && !queuedIn(desk, runId)) throw unknownRun(runId);
  return desk.listeners.outcome(runId);
}

/** Rows trail the journal by a moment; a list shows all that was acknowledged before it. */
async function listed(desk: Desk): Promise<void> {
  desk.checkOpen();
  try {
    await desk.tidy.flush();
  } catch (cause) {
    if (cause instanceof PerdureError) throw cause;
    throw new PerdureError("unavailable", "The list could not be brought up to date.", { cause });
  }
  await desk.store.flush();
}
