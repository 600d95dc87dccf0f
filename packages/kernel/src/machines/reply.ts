/** What most decisions of every machine end with: an answer to whoever asked, if anybody did. */
import type { Effect, Reply } from "../effects.ts";
import type { ErrorCode } from "../errors.ts";
import type { RequestId } from "../messages.ts";
import type { JsonObject } from "../payload.ts";

interface Effectful {
  effect(effect: Effect): void;
}

interface Asking {
  readonly request?: RequestId;
}

export function reply(turn: Effectful, message: Asking, answer: Reply): void {
  if (message.request === undefined) return;
  turn.effect({ type: "reply", request: message.request, reply: answer });
}

export function replyOk(turn: Effectful, message: Asking): void {
  reply(turn, message, { type: "ok" });
}

export function replyError(
  turn: Effectful,
  asked: Asking,
  code: ErrorCode,
  message: string,
  detail?: JsonObject,
): void {
  reply(turn, asked, {
    type: "error",
    code,
    message,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** The request of one message handed on to another machine, which then replies itself. */
export function passOn(message: Asking): Asking {
  return message.request === undefined ? {} : { request: message.request };
}
