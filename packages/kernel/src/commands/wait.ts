/** A wait for something that somebody else provides. */
import { topicStream } from "../ids.ts";
import { unsubscribe } from "../machines/run/close.ts";
import { signalNameOf } from "../machines/run/evolve-talk.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

/** A signal that came before the wait resolves it at once, the oldest first. */
export function startWait(turn: RunTurn, command: CommandOf<"wait.start">): void {
  const { key, ordinal, on, deadline } = command;
  turn.emit({
    kind: "wait.started",
    key,
    ordinal,
    on,
    ...(deadline === undefined ? {} : { deadline }),
  });
  if (on.type !== "event") {
    const signal = turn.state.signals.get(signalNameOf(on))?.[0];
    if (signal !== undefined) turn.emit({ kind: "wait.resolved", key, signal });
    return;
  }
  subscribe(turn, key, on);
}

export function subscribe(
  turn: RunTurn,
  key: string,
  on: Extract<CommandOf<"wait.start">["on"], { type: "event" }>,
): void {
  const { namespace, runId } = specOf(turn.state);
  turn.effect({
    type: "send",
    to: topicStream(namespace, on.name),
    message: {
      type: "topic.subscribe",
      wait: { runId, key },
      ...(on.match === undefined ? {} : { match: on.match }),
      ...(on.lookBackMs === undefined ? {} : { lookBackMs: on.lookBackMs }),
    },
  });
}

export function cancelWait(turn: RunTurn, { key }: CommandOf<"wait.cancel">): void {
  const wait = turn.state.operations.get(key);
  if (wait?.type !== "wait") return;
  turn.emit({ kind: "wait.cancelled", key });
  unsubscribe(turn, wait);
}
