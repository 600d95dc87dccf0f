/**
 * Journals to check: from an export (JSON lines, one run a line) or live from an engine. Nothing of
 * them is trusted, and nothing is revived: payloads stay bytes.
 */
import type { EngineClient } from "@perdure/engine";
import {
  checkJournal,
  PerdureError,
  type Journal,
  type RunEvent,
  type RunSpec,
  type RunState,
} from "@perdure/kernel";
import type { Query } from "@perdure/store";
import { journalFromLine } from "@perdure/wire";
import { testingLimits } from "../limits.ts";

export type { Journal };

/** A journal that could not be read; `where` names the line or the run. */
export interface UnreadableJournal {
  readonly where: string;
  readonly problem: string;
}

export type JournalSource =
  | Iterable<Journal | UnreadableJournal>
  | AsyncIterable<Journal | UnreadableJournal>;

/** The lines of an export. A line that is no journal is told, and the next one is read. */
export async function* exportedJournals(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Journal | UnreadableJournal> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    try {
      yield journalOf(line);
    } catch (error) {
      yield { where: `line ${number}`, problem: messageOf(error) };
    }
  }
}

function journalOf(line: string): Journal {
  const journal = journalFromLine(line);
  foldJournal(journal);
  return journal;
}

/** Journals of the runs that match, a page at a time, as they are while they are read. */
export async function* liveJournals(
  engine: Pick<EngineClient, "list" | "describe" | "journal">,
  query: Omit<Query, "limit" | "cursor">,
): AsyncGenerator<Journal | UnreadableJournal> {
  let cursor: string | undefined;
  do {
    const limit = testingLimits.livePageRuns;
    const page = await engine.list({
      ...query,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { runId } of page.rows) {
      try {
        const { spec } = await engine.describe(runId);
        yield { spec, events: await allEvents(engine, spec.runId) };
      } catch (error) {
        yield { where: `run ${runId}`, problem: messageOf(error) };
      }
    }
    ({ cursor } = page);
  } while (cursor !== undefined);
}

async function allEvents(
  engine: Pick<EngineClient, "journal">,
  runId: RunSpec["runId"],
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const limit = testingLimits.livePageEvents;
    const page = await engine.journal(runId, events.length + 1, limit);
    events.push(...page);
    if (page.length < limit) return events;
  }
}

/** The state that the journal adds up to; throws when it is not what Perdure writes. */
export function foldJournal({ spec, events }: Journal): RunState {
  const { state } = checkJournal({ spec, events });
  if (spec.input.encoding !== "json") {
    throw torn(`its input is encoded as "${spec.input.encoding}", and only "json" can be replayed`);
  }
  return state;
}

function torn(what: string): PerdureError {
  return new PerdureError("invalid-argument", `${what}; export the run again`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
