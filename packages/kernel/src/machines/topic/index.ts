/** The topic machine: fan-out of an event's name. Its invariants are in `state.ts`. */
import { unreachable } from "../../errors.ts";
import type { TopicMessage } from "../../messages.ts";
import type { Machine } from "../machine.ts";
import { publish } from "./decide/publish.ts";
import { subscribe, unsubscribe } from "./decide/subscribe.ts";
import { trigger, untrigger } from "./decide/trigger.ts";
import type { TopicEventBody } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { TopicState, TopicTurn } from "./state.ts";
import { initial, isEmpty, wakeAt } from "./state.ts";

export const topicMachine: Machine<TopicState, TopicMessage, TopicEventBody> = {
  initial,
  decide,
  evolve,
  wakeAt,
  isEmpty,
};

function decide(turn: TopicTurn, message: TopicMessage): void {
  switch (message.type) {
    case "topic.publish":
      return publish(turn, message);
    case "topic.subscribe":
      return subscribe(turn, message);
    case "topic.unsubscribe":
      return unsubscribe(turn, message);
    case "topic.trigger":
      return trigger(turn, message);
    case "topic.untrigger":
      return untrigger(turn, message);
    case "wake":
      return wake(turn);
    default:
      return unreachable(message);
  }
}

function wake(turn: TopicTurn): void {
  const due = wakeAt(turn.state);
  if (due !== undefined && due <= turn.at) turn.emit({ kind: "topic.forgotten" });
}

export type { TopicEventBody } from "./events.ts";
export type { TopicState } from "./state.ts";
