/** `perdure`: durable execution for TypeScript. */
export type {
  CalendarFields,
  ConflictPolicy,
  Explanation,
  Failure,
  JsonObject,
  Outcome,
  OverlapPolicy,
  ReusePolicy,
  RunEvent,
  RunId,
} from "@perdure/kernel";
export { PerdureError } from "@perdure/kernel";
export type { RunHandle } from "./client/handle.ts";
export type {
  ForkOptions,
  ListOptions,
  PublishOptions,
  ScheduleOptions,
  StartOptions,
  Target,
  WhyTarget,
} from "./client/options.ts";
export type { Perdure, RunPage, StartedItem } from "./client/perdure.ts";
export type { Schedules } from "./client/schedules.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect-options.ts";
export type { Context, ObjectContext } from "./ctx/context.ts";
export type { Log, LogSink } from "./ctx/log.ts";
export type * from "./ctx/options.ts";
export type { Exchange, Messages } from "./define/messages.ts";
export { handler, object, shared } from "./define/object.ts";
export type { Handler, Handlers, ObjectDefinition, ObjectProxy } from "./define/object.ts";
export { task } from "./define/task.ts";
export type { AnyTask, Task, TaskContext, TaskOptions, TaskTimeouts } from "./define/task.ts";
export { workflow } from "./define/workflow.ts";
export type {
  AnyWorkflow,
  CronOptions,
  Durability,
  InputOf,
  OutputOf,
  RetryOptions,
  TriggerOptions,
  Workflow,
  WorkflowOptions,
} from "./define/workflow.ts";
export { durationMs, type Duration } from "./duration.ts";
export {
  CancelledError,
  ChildError,
  FailureError,
  PermanentError,
  RetryAfterError,
  RunFailedError,
  StepError,
  TimeoutError,
} from "./errors.ts";
export { open, type EmbeddedPerdure } from "./open.ts";
export type { CodeOptions, OpenOptions, QueueSettings, WorkerSettings } from "./open-options.ts";
export type { TlsOptions } from "./remote/transport.ts";
export type {
  HoldOutcome,
  TracedAttempt,
  TracedHold,
  TracedRun,
  Tracer,
  TracerSpan,
} from "./runtime/tracer.ts";
export { shape } from "./schema.ts";
export type { Schema, SchemaInput, SchemaOutput } from "./schema.ts";
export type { Stored } from "./stored.ts";
export type { Database, TransactionOf } from "./transaction/database.ts";
