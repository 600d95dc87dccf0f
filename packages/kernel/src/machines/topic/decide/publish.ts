/** `topic.publish`: resolves the waits that match and starts what is triggered. */
import type { KeyRef } from "../../../ids.ts";
import { derivedRunId, keyStream, runStream, slotOfKey } from "../../../ids.ts";
import { replyOk } from "../../reply.ts";
import { isRecent } from "../recent.ts";
import { matches } from "../matches.ts";
import type { TopicMessageOf, TopicTurn, TriggerEntry } from "../state.ts";

export function publish(turn: TopicTurn, message: TopicMessageOf<"topic.publish">): void {
  const { id, payload, data } = message;
  const before = turn.state.recent.get(id);
  if (before === undefined || !isRecent(before, turn.at)) {
    const matched = [...turn.state.waits.values()]
      .filter(({ match }) => matches(match, data))
      .map(({ wait }) => wait);
    turn.emit({
      kind: "topic.published",
      id,
      payload,
      ...(data === undefined ? {} : { data }),
      matched,
    });
    for (const { runId, key } of matched) {
      const match = { type: "wait.match", key, payload } as const;
      turn.effect({ type: "send", to: runStream(runId), message: match });
    }
    for (const entry of turn.state.triggers.values()) {
      if (matches(entry.trigger.match, data)) startTriggered(turn, entry, message);
    }
  }
  replyOk(turn, message);
}

/** T3: the key is of the trigger and the event, and a key that had its run refuses another. */
function startTriggered(
  turn: TopicTurn,
  { namespace, trigger }: TriggerEntry,
  { id, payload }: TopicMessageOf<"topic.publish">,
): void {
  const { workflow, queue } = trigger;
  const key: KeyRef = { namespace, kind: "workflow", id: `${trigger.id}:${id}` };
  const to = keyStream(key);
  const runId = derivedRunId(turn.at, slotOfKey(key), to);
  const spec = { runId, namespace, workflow, queue, input: payload, key, mode: "single" } as const;
  turn.effect({
    type: "send",
    to,
    message: { type: "key.start", spec, mode: "single", reuse: "reject", conflict: "useExisting" },
  });
}
