/** How a process ends: one table for the program, `perdure help exit-codes` and the docs. */
import type { ErrorCode } from "@perdure/kernel";

export const exitCodes = {
  ok: { code: 0, means: "done" },
  finding: {
    code: 1,
    means:
      "done, and the answer is bad news: a run that was waited for did not complete, or check, crash-test or doctor found something",
  },
  usage: { code: 2, means: "the command line, an argument or a file is not as it should be" },
  notFound: { code: 3, means: "there is no such run, key, schedule or file" },
  refused: {
    code: 4,
    means: "refused by the state of things: already closed, a conflict, a limit, a rejected update",
  },
  unavailable: {
    code: 5,
    means: "the server cannot be reached or is overloaded, or the store is in use: try again",
  },
  denied: { code: 6, means: "no API key, a wrong one, or one without the role" },
  internal: { code: 70, means: "a bug in Perdure: please report it" },
  interrupted: { code: 130, means: "ended by Ctrl-C" },
} as const;

export type Ending = keyof typeof exitCodes;

/** What each error's code means for a script. */
export const endings: Readonly<Record<ErrorCode, Ending>> = {
  "invalid-argument": "usage",
  unauthenticated: "denied",
  forbidden: "denied",
  "not-found": "notFound",
  "already-exists": "refused",
  "already-closed": "refused",
  conflict: "refused",
  nondeterminism: "refused",
  "limit-exceeded": "refused",
  overloaded: "unavailable",
  unavailable: "unavailable",
  "deadline-exceeded": "unavailable",
  stale: "refused",
  fenced: "unavailable",
  "store-busy": "unavailable",
  "store-newer": "refused",
  "store-sealed": "refused",
  "store-corrupt": "refused",
  "store-failed": "unavailable",
  "update-rejected": "refused",
  "query-failed": "refused",
  closed: "unavailable",
  internal: "internal",
};
