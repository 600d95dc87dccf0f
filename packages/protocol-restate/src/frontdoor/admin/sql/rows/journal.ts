/** `sys_journal` and `sys_journal_events`: what invocations have done, and what was done to them. */
import { slotOfRun, type RunId } from "@perdure/kernel";
import { invocationId } from "../../../../ids/invocation-id.ts";
import { notesOf } from "../../invocations/attempts.ts";
import { entriesOf, inputOf, jsonOf, type Entry } from "../../invocations/entries.ts";
import type { Row } from "../tables.ts";
import { listInvocations, type Listed } from "./invocation-list.ts";
import { journalOf } from "./invocations.ts";
import { time, timeIf, type Source } from "./source.ts";

export async function journalRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const listed of await listInvocations(invocationsOf(source))) {
    const entries = await entriesIn(source, listed);
    rows.push(...entries.map((entry) => entryRow(source, listed.runId, entry)));
  }
  return rows;
}

/** Of its filters only the id is one of the invocation. */
function invocationsOf({ desk, columns, bounds, filters: { id } }: Source): Source {
  return { desk, columns, bounds, filters: id === undefined ? {} : { id } };
}

async function entriesIn(source: Source, listed: Listed): Promise<readonly Entry[]> {
  if (listed.type === "run") {
    source.bounds.take("sqlJournals");
    return entriesOf(await journalOf(source, listed.row));
  }
  const { spec, since, isDelayed } = listed;
  // One that waits for its time has none yet.
  return isDelayed ? [] : [inputOf(spec, since ?? source.desk.env.now(), 0)];
}

function entryRow({ columns }: Source, runId: RunId, entry: Entry): Row {
  const { index, type, name, isCompleted, invokedId, invokedTarget, promise } = entry;
  const isJsonAsked = columns.has("entry_json") || columns.has("entry_lite_json");
  const json = isJsonAsked ? jsonOf(entry) : undefined;
  return {
    partition_key: slotOfRun(runId),
    id: invocationId(runId),
    index,
    entry_type: type,
    name,
    completed: isCompleted === undefined ? undefined : Number(isCompleted),
    invoked_id: invokedId,
    invoked_target: invokedTarget,
    sleep_wakeup_at: timeIf(entry.sleepUntil),
    promise_name: promise,
    version: 2,
    entry_json: json,
    entry_lite_json: json,
    appended_at: time(entry.at),
  };
}

export async function noteRows(source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const listed of await listInvocations(invocationsOf(source))) {
    if (listed.type === "start") continue;
    source.bounds.take("sqlJournals");
    const events = await journalOf(source, listed.row);
    for (const { after, at, type, detail } of notesOf(events, entriesOf(events))) {
      rows.push({
        partition_key: slotOfRun(listed.runId),
        id: invocationId(listed.runId),
        after_journal_entry_index: after,
        appended_at: time(at),
        event_type: type,
        event_json: JSON.stringify({ ty: type, ...detail }),
      });
    }
  }
  return rows;
}
