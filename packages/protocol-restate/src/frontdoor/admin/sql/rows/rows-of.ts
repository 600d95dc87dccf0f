/** The rows of each table. */
import type { Row } from "../tables.ts";
import { schemaRows } from "../tables.ts";
import { deploymentRows, serviceRows } from "./catalog.ts";
import { invocationRows } from "./invocations.ts";
import { journalRows, noteRows } from "./journal.ts";
import { holderRows, inboxRows, lockRows, promiseRows, stateRows } from "./keys.ts";
import type { Source } from "./source.ts";

type Rows = readonly Row[];

export function rowsOf(table: string, source: Source): Rows | Promise<Rows> {
  switch (table) {
    case "sys_invocation":
    case "sys_invocation_status":
    case "sys_invocation_state":
      return invocationRows(table, source);
    case "sys_journal":
      return journalRows(source);
    case "sys_journal_events":
      return noteRows(source);
    case "state":
      return stateRows(source);
    case "sys_promise":
      return promiseRows(source);
    case "sys_inbox":
      return inboxRows(source);
    case "sys_keyed_service_status":
      return holderRows(source);
    case "sys_locks":
      return lockRows(source);
    case "sys_service":
      return serviceRows(source);
    case "sys_deployment":
      return deploymentRows(source);
    case "information_schema_columns":
    case "information_schema_tables":
      return schemaRows(table);
    default:
      // Of flow control that Perdure does by other means.
      return [];
  }
}
