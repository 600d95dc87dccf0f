/** What PostgreSQL's error codes mean to a store (its documentation, appendix A). */
import { PerdureError } from "@perdure/kernel";

/** The connection could not be had, so nothing was asked of the database. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

/** The transaction was applied, but perhaps not for good. */
export class UnsureError extends Error {
  override readonly name = "UnsureError";
}

/** Undefined: the error is not the database's own. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("severity" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Does the error leave no doubt that the transaction was not applied? */
export function isCertain(error: unknown): boolean {
  if (error instanceof ConnectError || error instanceof PerdureError) return true;
  const state = sqlStateOf(error);
  if (state === undefined) return false;
  // It says itself that it does not know.
  if (state === "40003" || state.startsWith("08")) return false;
  // A backend that is told to end may have been committing.
  const severity = (error as { readonly severity?: unknown }).severity;
  return severity === "ERROR";
}

/** The database gave this transaction up for another one: the same again is likely to work. */
export function isGivenUp(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === "40001" || state === "40P01";
}

/** It is about the values that were sent, and not about the database. */
export function isAboutValues(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlStateOf(error) ?? "");
}

export function isDuplicate(error: unknown): boolean {
  return /^(23505|42P06|42P07|42710)$/.test(sqlStateOf(error) ?? "");
}

const adviceByState: Readonly<Record<string, string>> = {
  "08P01":
    "What answers there is not PostgreSQL itself: with a pooler before it, add prepare=false to the " +
    "address of the store.",
  "28P01": "The password is wrong: correct it in the address of the store.",
  "28000":
    "The database lets this user not in: see its pg_hba.conf, or whether the role may log in.",
  "3D000": "There is no such database: create it, or correct its name in the address of the store.",
  "3F000": "The schema is missing: was it dropped? Restore it, or name another one.",
  "42501":
    "The user may not do this: grant it CREATE on the database (or make the schema for it), and all " +
    "rights on the schema and its tables.",
  "42P01": "A table is missing: was the schema changed by hand? Restore the store from a backup.",
  "25006":
    "The database is read only: it is a standby, or in recovery. Give the store an address that " +
    "leads to the primary, also after a failover.",
  "53100": "The disk of the database is full. Free space on it, or prune closed runs.",
  "53200": "The database is out of memory: see its log.",
  "53300":
    "The database has no connection left: raise its max_connections, lower the option connections " +
    "of the stores on it, or put a pooler between.",
  "57014": "The statement was cancelled: raise statement_timeout for this user, or set it to 0.",
  "55P03": "A lock was not to be had: raise lock_timeout for this user, or set it to 0.",
  "25P03": "The database ended a session that was idle in a transaction: the machine is too busy.",
  "57P01": "The database is being stopped. The store connects again by itself when it is back.",
  "57P02": "The database has crashed and restarts. The store connects again by itself.",
  "57P03": "The database is starting up. The store connects again by itself when it is ready.",
};

const adviceByErrno: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing answers there: is the database running, and host and port right?",
  ENOENT: "There is no such socket: is the database running, and its folder right?",
  ENOTFOUND: "The host's name is unknown: correct the address of the store.",
  EAI_AGAIN: "The host's name could not be looked up: see the network and its name server.",
  ETIMEDOUT: "The host does not answer: see the network between here and there.",
  EHOSTUNREACH: "The host cannot be reached: see the network between here and there.",
  ECONNRESET: "The connection was cut. The store connects again by itself.",
  EPIPE: "The connection was cut. The store connects again by itself.",
};

/** One or two sentences for the person who has to do something about it. */
export function adviceFor(error: unknown): string {
  if (error instanceof PerdureError) return error.message;
  if (error instanceof ConnectError) return adviceFor(error.cause);
  const message = messageOf(error);
  const code = sqlStateOf(error) ?? errnoOf(error);
  const advice = code === undefined ? undefined : (adviceByState[code] ?? adviceByErrno[code]);
  if (advice !== undefined) return `${advice} (${message})`;
  if (code?.startsWith("53")) return `The database lacks a resource: see its log. (${message})`;
  if (sqlStateOf(error) === undefined) {
    return `The connection to the database was lost; the store connects again by itself. (${message})`;
  }
  return `The database refused the statement: see its log. (${code}: ${message})`;
}

/** As an operating error, for what is not a commit. */
export function operatingError(error: unknown): unknown {
  if (error instanceof PerdureError) return error;
  const isForeign =
    sqlStateOf(error) === undefined && errnoOf(error) === undefined && !isLostConnection(error);
  if (isForeign && !(error instanceof ConnectError)) return error;
  return new PerdureError("store-failed", adviceFor(error), { cause: error });
}

/** The driver has no codes for these. */
function isLostConnection(error: unknown): boolean {
  return /connection|timeout|closed|terminated/i.test(messageOf(error));
}

function errnoOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return errnoOf(error.errors[0]);
  if (!(error instanceof Error) || !("errno" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
