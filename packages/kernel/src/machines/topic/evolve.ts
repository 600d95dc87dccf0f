/** The only writer of a topic's state. */
import type { Recorded } from "../../events/run-events.ts";
import { limits } from "../../limits.ts";
import type { TopicEventBody } from "./events.ts";
import type { TopicState } from "./state.ts";
import { waitId } from "./state.ts";

type TopicEvent = TopicEventBody & Recorded;

export function evolve(state: TopicState, event: TopicEvent): void {
  state.seq = event.seq;
  switch (event.kind) {
    case "topic.subscribed": {
      const { wait, match } = event;
      const subscription = match === undefined ? { wait } : { wait, match };
      return void state.waits.set(waitId(wait), subscription);
    }
    case "topic.unsubscribed":
      return void state.waits.delete(waitId(event.wait));
    case "topic.triggered": {
      const { namespace, trigger } = event;
      return void state.triggers.set(trigger.id, { namespace, trigger });
    }
    case "topic.untriggered":
      return void state.triggers.delete(event.id);
    case "topic.published":
      return published(state, event);
    case "topic.forgotten":
      return forgetUntil(state, event.at - limits.topicLookBackMs);
  }
}

function published(
  state: TopicState,
  event: Extract<TopicEvent, { kind: "topic.published" }>,
): void {
  const { id, at, payload, data, matched } = event;
  for (const wait of matched) state.waits.delete(waitId(wait));
  forgetUntil(state, at - limits.topicLookBackMs);
  forget(state, id);
  state.recent.set(id, data === undefined ? { at, payload } : { at, payload, data });
  state.recentBytes += payload.data.length;
  for (const oldest of state.recent.keys()) {
    if (isWithinBounds(state)) return;
    forget(state, oldest);
  }
}

/** T4. The newest stays, however large: a second publish of it must be known. */
function isWithinBounds({ recent, recentBytes }: TopicState): boolean {
  if (recent.size > limits.topicRecentEvents) return false;
  return recentBytes <= limits.topicRecentBytes || recent.size === 1;
}

function forgetUntil(state: TopicState, moment: number): void {
  for (const [id, { at }] of state.recent) {
    if (at > moment) return;
    forget(state, id);
  }
}

function forget(state: TopicState, id: string): void {
  state.recentBytes -= state.recent.get(id)?.payload.data.length ?? 0;
  state.recent.delete(id);
}
