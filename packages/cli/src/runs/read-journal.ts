/** A whole journal, page by page. */
import type { EngineClient } from "@perdure/engine";
import type { RunEvent, RunId } from "@perdure/kernel";

const PAGE = 1_000;

export async function readJournal(
  engine: EngineClient,
  runId: RunId,
  from: number = 1,
): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const page = await engine.journal(runId, from + events.length, PAGE);
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}
