/**
 * The one table of who may do what. Routes, the OpenAPI document, `docs/SECURITY.md` and the test
 * that calls every operation with every role read it; nothing else decides.
 */
import type { Operation } from "@perdure/wire";

export const roles = ["viewer", "client", "worker", "operator", "admin"] as const;

/**
 * `viewer` reads. `client` also starts and talks to runs. `worker` also serves queues (its code
 * starts runs anyway). `operator` also steers runs and schedules. `admin` also manages access.
 */
export type Role = (typeof roles)[number];

const everybody: readonly Role[] = roles;
export const clients: readonly Role[] = ["client", "worker", "operator", "admin"];
const workers: readonly Role[] = ["worker", "admin"];
/** A worker publishes the triggers and the cron of its workflows when it connects. */
const definers: readonly Role[] = ["worker", "operator", "admin"];
export const operators: readonly Role[] = ["operator", "admin"];
export const admins: readonly Role[] = ["admin"];

export type Policy = Readonly<Record<Operation, readonly Role[]>>;

export const policy: Policy = {
  "runs.start": clients,
  "runs.startMany": clients,
  "runs.list": everybody,
  "runs.count": everybody,
  "runs.describe": everybody,
  "runs.journal": everybody,
  "runs.watch": everybody,
  "runs.outcome": everybody,
  "runs.why": everybody,
  "runs.signal": clients,
  "runs.cancel": clients,
  "runs.terminate": operators,
  "runs.pause": operators,
  "runs.resume": operators,
  "runs.repin": operators,
  "runs.purge": operators,
  "runs.fork": operators,
  "runs.query": clients,
  "runs.update": clients,

  "keys.lookup": everybody,
  "keys.why": everybody,
  "keys.signal": clients,
  "keys.cancel": clients,
  "keys.query": clients,
  "keys.update": clients,

  "events.publish": clients,
  "triggers.put": definers,
  "triggers.delete": definers,

  "schedules.list": everybody,
  "schedules.describe": everybody,
  "schedules.why": everybody,
  "schedules.put": definers,
  "schedules.delete": operators,
  "schedules.pause": operators,
  "schedules.resume": operators,
  "schedules.trigger": operators,
  "schedules.backfill": operators,

  "workers.list": everybody,
  "workers.versions": everybody,
  "workers.stream": workers,
  "push.list": operators,
  "push.put": admins,
  "push.delete": admins,
  "push.rotate": admins,

  "transfer.export": operators,
  "transfer.import": admins,

  "apiKeys.list": admins,
  "apiKeys.create": admins,
  "apiKeys.rotate": admins,
  "apiKeys.revoke": admins,

  "cluster.nodes": operators,
  "cluster.partitions": operators,

  /** Each call in it is looked at by itself. */
  "server.calls": everybody,
  "server.whoami": everybody,
  "server.doctor": operators,
  "server.audit": admins,
};

export function isRole(text: unknown): text is Role {
  return roles.some((role) => role === text);
}
