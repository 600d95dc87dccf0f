/** All planted bugs by name. */
import { noBug, type Bug } from "./bug.ts";

export const bugs: readonly Bug[] = [];

export function bugNamed(name: string | undefined): Bug {
  if (name === undefined) return noBug;
  const bug = bugs.find((one) => one.name === name);
  if (bug !== undefined) return bug;
  throw new Error(`there is no bug ${name}; there are ${bugs.map((one) => one.name).join(", ")}`);
}
