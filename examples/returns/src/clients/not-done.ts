/**
 * The code of failures after which it is certain that nothing was done: the service said so. After
 * any other (no answer in time, a cut connection) it may have been done.
 */
export const NOT_DONE = "not-done";

export class NotDoneError extends Error {
  readonly code = NOT_DONE;
}
