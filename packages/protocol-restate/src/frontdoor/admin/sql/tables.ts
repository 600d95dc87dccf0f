/** The tables that people and tools ask, with the columns and types that Restate gives them. */

export type ColumnType = "text" | "int" | "bool" | "time" | "duration" | "bytes" | "list";

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A value as SQLite has it: times are RFC 3339 text, durations ISO 8601 text, lists JSON text. */
export type Cell = string | number | Uint8Array | null;
/** By column; what is absent is null. */
export type Row = Readonly<Record<string, Cell | undefined>>;

const PREFIXES: Readonly<Record<string, ColumnType>> = {
  "#": "int",
  "?": "bool",
  "@": "time",
  "~": "duration",
  $: "bytes",
  "*": "list",
};

/** A column's type is the sign before its name; without one it is text. */
function table(name: string, ...columns: readonly string[]): Table {
  return {
    name,
    columns: columns.flatMap((line) => line.split(" ")).map(columnOf),
  };
}

function columnOf(text: string): Column {
  const type = PREFIXES[text.charAt(0)];
  return type === undefined ? { name: text, type: "text" } : { name: text.slice(1), type };
}

const target =
  "target target_service_name target_service_key target_handler_name target_service_ty scope limit_key";
const invoked =
  "idempotency_key invoked_by invoked_by_id invoked_by_subscription_id invoked_by_service_name invoked_by_target restarted_from";
const pinned =
  "pinned_deployment_id #pinned_service_protocol_version trace_id #journal_size #journal_commands_size";
const times =
  "@created_at created_using_restate_version @modified_at @inboxed_at @scheduled_at @scheduled_start_at @running_at @completed_at ~completion_retention ~journal_retention";
const suspended =
  "*suspended_waiting_for_completions *suspended_waiting_for_signals suspended_waiting_future_json";
const attempts =
  "#retry_count @last_start_at last_attempt_deployment_id last_attempt_server @next_retry_at last_failure last_failure_error_code";
const related =
  "#last_failure_related_command_index last_failure_related_command_name last_failure_related_command_type #last_failure_related_entry_index last_failure_related_entry_name last_failure_related_entry_type last_awaiting_on_future_json";
const ended = "status completion_result completion_failure";

export const tables: readonly Table[] = [
  table(
    "sys_invocation",
    `id vqueue_id ${target}`,
    invoked,
    pinned,
    times,
    suspended,
    attempts,
    related,
    ended,
  ),
  table(
    "sys_invocation_status",
    `#partition_key id vqueue_id ${ended} ${target}`,
    invoked,
    pinned,
    times,
    suspended,
  ),
  table("sys_invocation_state", "#partition_key id ?in_flight", attempts, related),
  table(
    "sys_journal",
    "#partition_key id #index entry_type name ?completed invoked_id invoked_target @sleep_wakeup_at",
    "promise_name $raw #raw_length #version entry_json entry_lite_json @appended_at",
  ),
  table(
    "sys_journal_events",
    "#partition_key id #after_journal_entry_index @appended_at event_type event_json",
  ),
  table(
    "state",
    "#partition_key scope service_name service_key key #key_length value_utf8 $value #value_length",
  ),
  table("sys_inbox", "#partition_key service_name service_key id #sequence_number @created_at"),
  table("sys_keyed_service_status", "#partition_key service_name service_key invocation_id"),
  table(
    "sys_promise",
    "#partition_key scope service_name service_key key ?completed",
    "$completion_success_value completion_success_value_utf8 completion_failure",
  ),
  table("sys_service", "name #revision ?public ty deployment_id"),
  table(
    "sys_deployment",
    "id ty endpoint @created_at #min_service_protocol_version #max_service_protocol_version *services",
  ),
  table("sys_locks", "#partition_key scope lock_name @acquired_at acquired_by"),
  // Of flow control by rules and queues, which Perdure does by other means: there is nothing in them.
  table("sys_rules", "pattern #concurrency description ?disabled #version @last_modified"),
  table(
    "sys_vqueue_meta",
    "#partition_key id ?is_active ?queue_is_paused service_name scope limit_key lock_name @created_at",
    "@last_enqueued_at @last_start_at @last_attempt_at @last_finish_at #num_inbox #num_running",
    "#num_suspended #num_paused #num_finished",
  ),
];

/** What tools ask to learn which columns there are. */
export const schemaTables: readonly Table[] = [
  table(
    "information_schema_columns",
    "table_catalog table_schema table_name column_name #ordinal_position is_nullable data_type",
  ),
  table("information_schema_tables", "table_catalog table_schema table_name table_type"),
];

const byName: ReadonlyMap<string, Table> = new Map(
  [...tables, ...schemaTables].map((one) => [one.name, one]),
);

export function tableNamed(name: string): Table | undefined {
  return byName.get(name.toLowerCase());
}

/** The names of types in `information_schema`. */
const TYPE_NAMES: Readonly<Record<ColumnType, string>> = {
  text: "LargeUtf8",
  int: "UInt64",
  bool: "Boolean",
  time: 'Timestamp(ms, "+00:00")',
  duration: "Duration(ms)",
  bytes: "LargeBinary",
  list: "List(UInt32)",
};

export function schemaRows(name: string): readonly Row[] {
  const place = { table_catalog: "restate", table_schema: "public" };
  if (name === "information_schema_tables") {
    return tables.map((one) => ({ ...place, table_name: one.name, table_type: "BASE TABLE" }));
  }
  return tables.flatMap((one) =>
    one.columns.map((column, at) => ({
      ...place,
      table_name: one.name,
      column_name: column.name,
      ordinal_position: at,
      is_nullable: "YES",
      data_type: TYPE_NAMES[column.type],
    })),
  );
}
