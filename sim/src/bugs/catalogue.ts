/** All planted bugs. */
import { noBug, type Bug } from "./bug.ts";
import { deliveredAhead } from "./in-databases.ts";
import {
  closedAttempt,
  earlyTimer,
  forgetfulCall,
  forgetfulRetries,
  forkShort,
  noSignalDedupe,
  undoSkipped,
} from "./in-kernel.ts";
import {
  exclusiveTwice,
  lastFirst,
  lostSubscriber,
  lostWrite,
  requestIgnored,
  scheduleTwice,
} from "./in-keys.ts";
import {
  claimForTwo,
  marksLeftBehind,
  neverStepsDown,
  outboxLeftBehind,
  parcelTwice,
  receiptTooSoon,
  watchWithGaps,
} from "./in-nodes.ts";
import {
  ackBeforeCommit,
  blobLost,
  eventDroppedAtSettle,
  lostAlarm,
  lostOutbox,
  mailReordered,
  noDedupe,
  noFence,
  outcomeGuessed,
  prunedEarly,
  staleSnapshot,
  unknownIsDone,
  workForgotten,
} from "./in-store.ts";
import { frameTwice, noNonces, resumeForgets } from "./in-wires.ts";
import {
  lostDelivery,
  maybeRanNever,
  maybeRanUnsaid,
  replayOrder,
  staleLease,
} from "./in-workers.ts";

export const bugs: readonly Bug[] = [
  deliveredAhead,
  neverStepsDown,
  marksLeftBehind,
  outboxLeftBehind,
  claimForTwo,
  receiptTooSoon,
  parcelTwice,
  watchWithGaps,
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
  forgetfulRetries,
  earlyTimer,
  forkShort,
  exclusiveTwice,
  lastFirst,
  requestIgnored,
  lostWrite,
  lostSubscriber,
  scheduleTwice,
  outcomeGuessed,
  workForgotten,
  staleSnapshot,
  prunedEarly,
  mailReordered,
  blobLost,
  maybeRanUnsaid,
  lostDelivery,
  resumeForgets,
  frameTwice,
  noNonces,
];

export function bugNamed(name: string | undefined): Bug {
  if (name === undefined) return noBug;
  const bug = bugs.find((one) => one.name === name);
  if (bug !== undefined) return bug;
  throw new Error(`there is no bug ${name}; there are ${bugs.map((one) => one.name).join(", ")}`);
}
