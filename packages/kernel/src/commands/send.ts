/** One-way messages: a start, a signal, a cancel, an event. Sent once, whatever crashes. */
import type { Outgoing } from "../events/run-events.ts";
import { keyStream, runStream, topicStream, type KeyRef, type RunId } from "../ids.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import { childId, startMessage } from "./child.ts";
import type { CommandOf } from "./command.ts";

export function send(turn: RunTurn, command: CommandOf<"send">): void {
  const { key, ordinal } = command;
  const message: Outgoing =
    command.message.type === "start"
      ? { ...command.message, runId: childId(turn, key, command.message.target) }
      : command.message;
  turn.emit({ kind: "message.sent", key, ordinal, message });
  deliver(turn, key, message);
}

function deliver(turn: RunTurn, key: string, message: Outgoing): void {
  const { runId, namespace } = specOf(turn.state);
  switch (message.type) {
    case "start":
      return turn.effect({
        type: "send",
        ...startMessage(turn, message.runId, message.target, { conflict: "useExisting" }),
      });
    case "signal": {
      const { name, payload, failure } = message;
      const signal = {
        name,
        id: `${runId}/${key}`,
        by: runId,
        ...(payload === undefined ? {} : { payload }),
        ...(failure === undefined ? {} : { failure }),
      };
      return turn.effect({ type: "send", ...toRun(message.to, "signal", { signal }, namespace) });
    }
    case "cancel": {
      const reason = message.reason === undefined ? {} : { reason: message.reason };
      return turn.effect({
        type: "send",
        ...toRun(message.to, "cancel", { ...reason, by: runId }, namespace),
      });
    }
    case "publish":
      return turn.effect({
        type: "send",
        to: topicStream(namespace, message.event),
        message: {
          type: "topic.publish",
          id: `${runId}/${key}`,
          payload: message.payload,
          ...(message.data === undefined ? {} : { data: message.data }),
        },
      });
  }
}

/** To a run by its id, which may be anybody's, or to the current run under a key of our own. */
function toRun<V extends "signal" | "cancel", B>(
  to: RunId | KeyRef,
  verb: V,
  body: B,
  namespace: string,
) {
  return typeof to === "string"
    ? { to: runStream(to), message: { type: `run.${verb}` as const, ...body, namespace } }
    : { to: keyStream(to), message: { type: `key.${verb}` as const, ...body } };
}
