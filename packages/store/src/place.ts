import { PerdureError } from "@perdure/kernel";

/** A store that was used by itself becomes no part of a cluster of databases: what every store answers. */
export function placeError(name: string): PerdureError {
  return new PerdureError(
    "invalid-argument",
    `${name} has data of its own and cannot become one of several databases: begin with databases ` +
      `that are empty, and move the data there.`,
  );
}
