/** `topic.trigger` and `topic.untrigger`: what an event starts. */
import { limits } from "../../../limits.ts";
import { replyError, replyOk } from "../../reply.ts";
import type { TopicMessageOf, TopicTurn } from "../state.ts";

export function trigger(turn: TopicTurn, message: TopicMessageOf<"topic.trigger">): void {
  const { triggers } = turn.state;
  if (triggers.size >= limits.topicTriggers && !triggers.has(message.trigger.id)) {
    const text =
      `This event has ${limits.topicTriggers} triggers already: remove one that is no longer ` +
      "needed, or let one workflow start the others.";
    return replyError(turn, message, "limit-exceeded", text);
  }
  const { namespace } = message;
  turn.emit({ kind: "topic.triggered", namespace, trigger: message.trigger });
  replyOk(turn, message);
}

export function untrigger(turn: TopicTurn, message: TopicMessageOf<"topic.untrigger">): void {
  if (!turn.state.triggers.has(message.id)) {
    const known = [...turn.state.triggers.keys()].slice(0, 10).join(", ");
    const text =
      `This event has no trigger "${message.id}"; ` +
      (known === "" ? "it has none." : `it has ${known}.`);
    return replyError(turn, message, "not-found", text);
  }
  turn.emit({ kind: "topic.untriggered", id: message.id });
  replyOk(turn, message);
}
