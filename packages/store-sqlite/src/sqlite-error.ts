/** What SQLite's result codes mean to a commit (https://sqlite.org/rescode.html). */
import { PerdureError } from "@perdure/kernel";

const BUSY = 5;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** The primary result code, or undefined when the error is not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

/** One sentence for the person who has to do something about it. */
export function adviceFor(error: unknown): string {
  if (error instanceof PerdureError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  switch (resultCode(error)) {
    case FULL:
      return `The store is full (${message}). Free disk space, prune closed runs or raise maxBytes.`;
    case IOERR:
      return `The disk failed (${message}). Check the disk and the system's log.`;
    case CORRUPT:
    case NOTADB:
      return `The store file is damaged (${message}). Restore it from a backup.`;
    default:
      return `SQLite refused the write (${message}).`;
  }
}

/** Did COMMIT fail in a way that leaves no doubt that nothing was applied? */
export function isCertain(error: unknown): boolean {
  const code = resultCode(error);
  return code === FULL || code === BUSY;
}
