/** The store refuses: nothing of any run can be written, whatever else it waits for. */
import type { Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";
import type { StoreTrouble } from "./surroundings.ts";

export function storeWaiting({ since, reason, refusals, isStopped }: StoreTrouble): Waiting {
  const count = refusals === 1 ? "a commit" : `${refusals} commits in a row`;
  return {
    on: "store",
    text: isStopped
      ? `stands still, for the engine has stopped (${reason})`
      : `stands still, for the store has refused ${count} (${reason})`,
    since,
    cures: [
      cure("shows the store's file, its size and what is wrong with it", "doctor"),
      cure(
        isStopped
          ? "cure what the store complains of, then start the engine again: nothing that was acknowledged is lost"
          : "cure what the store complains of: it goes on by itself",
      ),
    ],
  };
}
