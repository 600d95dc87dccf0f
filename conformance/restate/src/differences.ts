/** Where one of the servers does otherwise, and is known to: scenario by scenario, with the reason. */
import type { Against } from "./mode.ts";

interface Difference {
  /** The server for which the scenario does not hold. */
  readonly of: Against;
  readonly why: string;
}

export const differences: Readonly<Record<string, Difference>> = {
  "a handler sends to a workflow twice, and attaches to the one that it is": {
    of: "perdure",
    why:
      "a send to a workflow that runs already tells its sender an id of its own, which names no " +
      "invocation; workflows are found by their keys",
  },
};
