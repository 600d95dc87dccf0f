/** The store refuses: then nothing can be written of any run, whatever else it waits for. */
import { ago } from "./duration.ts";
import type { Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";
import type { StoreTrouble } from "./surroundings.ts";
import type { Telling } from "./telling.ts";

/** Before all other causes; after them, if the store refuses some commits only. */
export function withStore(waiting: readonly Waiting[], { world, now }: Telling): Waiting[] {
  const { store } = world;
  if (store === undefined) return [...waiting];
  const trouble = explainStore(store, now);
  return store.isTaking ? [...waiting, trouble] : [trouble, ...waiting];
}

function explainStore(store: StoreTrouble, now: number): Waiting {
  const { since, isStopped } = store;
  const cured = isStopped
    ? "cure that, then start the engine again: nothing that was acknowledged is lost"
    : "cure that: it goes on by itself";
  return {
    on: "store",
    text: textOf(store, now),
    since,
    cures: [cure(cured), cure("shows the store's file, its size and its limits", "doctor")],
  };
}

function textOf({ reason, refusals, lastAt, isTaking, isStopped }: StoreTrouble, now: number) {
  if (isStopped) return `stands still, for the engine has stopped (${reason})`;
  if (refusals === 0) return `stands still, for its partition is refused (${reason})`;
  const count = refusals === 1 ? "a commit" : `${refusals} commits`;
  const last = `the last ${ago(now - lastAt)}`;
  return isTaking
    ? `may be held up, for the store refuses some commits: ${count}, ${last} (${reason})`
    : `stands still, for the store has refused ${count}, ${last}, and taken none since (${reason})`;
}
