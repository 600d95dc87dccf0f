/** All planted bugs. */
import { noBug, type Bug } from "./bug.ts";
import { closedAttempt, forgetfulCall, noSignalDedupe, undoSkipped } from "./in-kernel.ts";
import {
  ackBeforeCommit,
  eventDroppedAtSettle,
  lostAlarm,
  lostOutbox,
  noDedupe,
  noFence,
  unknownIsDone,
} from "./in-store.ts";
import { maybeRanNever, replayOrder, staleLease } from "./in-workers.ts";

export const bugs: readonly Bug[] = [
  ackBeforeCommit,
  unknownIsDone,
  noFence,
  noDedupe,
  lostOutbox,
  lostAlarm,
  eventDroppedAtSettle,
  staleLease,
  replayOrder,
  maybeRanNever,
  noSignalDedupe,
  closedAttempt,
  undoSkipped,
  forgetfulCall,
];

export function bugNamed(name: string | undefined): Bug {
  if (name === undefined) return noBug;
  const bug = bugs.find((one) => one.name === name);
  if (bug !== undefined) return bug;
  throw new Error(`there is no bug ${name}; there are ${bugs.map((one) => one.name).join(", ")}`);
}
