/** `topic.subscribe` and `topic.unsubscribe`: a run's wait for an event. */
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import { lookBack } from "../recent.ts";
import type { TopicMessageOf, TopicTurn } from "../state.ts";
import { waitId } from "../state.ts";

export function subscribe(turn: TopicTurn, message: TopicMessageOf<"topic.subscribe">): void {
  const { wait, match, lookBackMs } = message;
  const to = runStream(wait.runId);
  const past = lookBackMs === undefined ? undefined : lookBack(turn, match, lookBackMs);
  if (past !== undefined) {
    const { payload } = past;
    return turn.effect({
      type: "send",
      to,
      message: { type: "wait.match", key: wait.key, payload },
    });
  }
  const { waits } = turn.state;
  if (waits.size >= limits.topicWaits && !waits.has(waitId(wait))) {
    return turn.effect({ type: "send", to, message: { type: "run.pause", message: tooMany } });
  }
  turn.emit({ kind: "topic.subscribed", wait, ...(match === undefined ? {} : { match }) });
}

/** Nobody asked, so nobody can be told; a paused run shows the reason to a person. */
const tooMany =
  `${limits.topicWaits} runs wait for this event already, so this wait is not kept: it ends by ` +
  "its timeout or a cancel only. Spread the event over several names, then resume.";

export function unsubscribe(turn: TopicTurn, { wait }: TopicMessageOf<"topic.unsubscribe">): void {
  if (turn.state.waits.has(waitId(wait))) turn.emit({ kind: "topic.unsubscribed", wait });
}
