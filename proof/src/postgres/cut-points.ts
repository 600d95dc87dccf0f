/**
 * The connection is cut at every boundary of the messages of one commit, of one `outcome` and of
 * one `open`: before each message, and within those of the store. And what was sent is left on its
 * way, to arrive when its sender has long asked whether it had (`strand`).
 *
 * All points of an operation have been tried when a cut did not come, because the operation had
 * fewer messages.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Direction, Judge, Verdict } from "../network/fault-proxy.ts";
import { NthMessage } from "../network/nth-message.ts";
import type { Site } from "./site.ts";
import type { Writer } from "./writer.ts";

const operations = ["commit", "outcome", "open"] as const;
type Operation = (typeof operations)[number];

type Cut = Exclude<Verdict, "pass">;
const cuts: Readonly<Record<Direction, readonly Cut[]>> = {
  request: ["cutBefore", "cutWithin", "strand"],
  // Half of an answer is no answer.
  response: ["cutBefore"],
};

/** How many cuts there were, by operation and direction. */
export type CutPoints = Partial<Record<`${Operation} ${Direction}`, number>>;

/** More would be an operation that never ends. */
const MOST_MESSAGES = 500;
/** Long enough for its sender to ask what became of it. */
const LATE_MS = 150;

export async function cutPoints(site: Site): Promise<CutPoints> {
  const points: CutPoints = {};
  for (const operation of operations) {
    for (const direction of ["request", "response"] as const) {
      let cutsHere = 0;
      for (const cut of cuts[direction])
        cutsHere += await everyMessage(site, operation, direction, cut);
      points[`${operation} ${direction}`] = cutsHere;
    }
  }
  return points;
}

/** Cuts at the first message, at the second, …; how many there were. */
async function everyMessage(
  site: Site,
  operation: Operation,
  direction: Direction,
  cut: Cut,
): Promise<number> {
  const [writer] = site.writers;
  for (let number = 1; number <= MOST_MESSAGES; number++) {
    if (writer === undefined || writer.complaints.length > 0) return number - 1;
    await commitUntilDone(writer);
    const point = new NthMessage(direction, number, cut);
    site.proxy.judge = operation === "outcome" ? afterLostAnswer(point) : point.judge;
    const asked = operation === "open" ? writer.open() : writer.commit(1);
    if (cut === "strand") await delivered(site, asked);
    await asked;
    site.proxy.heal();
    await writer.open();
    if (!point.wasReached) return number - 1;
  }
  throw new RangeError(`${operation} has more than ${MOST_MESSAGES} messages`);
}

async function commitUntilDone(writer: Writer): Promise<void> {
  while (!(await writer.commit(1))) await writer.open();
}

/** What is stranded arrives late; while it is on its way, it may hold what others wait for. */
async function delivered(site: Site, asked: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  asked.then(end, end);
  while (!over.signal.aborted) {
    await delay(LATE_MS);
    await site.proxy.deliverStranded();
  }
}

/** The truth about a commit is asked for only when its answer was lost. */
function afterLostAnswer(point: NthMessage): Judge {
  const answer = new NthMessage("response", 1, "cutBefore");
  return (passing) => (answer.wasReached ? point : answer).judge(passing);
}
