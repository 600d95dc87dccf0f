/** The key machine: what lives under a business key. Its invariants are in `state.ts`. */
import { unreachable } from "../../errors.ts";
import type { KeyMessage } from "../../messages.ts";
import type { Machine } from "../machine.ts";
import { adopt } from "./decide/adopt.ts";
import { attachTo } from "./decide/attach-to.ts";
import { closed } from "./decide/closed.ts";
import { cancel, signal } from "./decide/forward.ts";
import { forget } from "./decide/forget.ts";
import { clear, read, replace, write } from "./decide/keyed-state.ts";
import { promise } from "./decide/promise.ts";
import { start } from "./decide/start.ts";
import { wake } from "./decide/wake.ts";
import type { KeyEventBody } from "./events.ts";
import { evolve } from "./evolve.ts";
import type { KeyState, KeyTurn } from "./state.ts";
import { initial, isEmpty, wakeAt } from "./state.ts";

export const keyMachine: Machine<KeyState, KeyMessage, KeyEventBody> = {
  initial,
  decide,
  evolve,
  wakeAt,
  isEmpty,
};

function decide(turn: KeyTurn, message: KeyMessage): void {
  switch (message.type) {
    case "key.start":
      return start(turn, message);
    case "key.adopt":
      return adopt(turn, message);
    case "key.closed":
      return closed(turn, message);
    case "key.signal":
      return signal(turn, message);
    case "key.cancel":
      return cancel(turn, message);
    case "key.read":
      return read(turn, message);
    case "key.write":
      return write(turn, message);
    case "key.clear":
      return clear(turn, message);
    case "key.replace":
      return replace(turn, message);
    case "key.promise":
      return promise(turn, message);
    case "key.forget":
      return forget(turn, message);
    case "key.attach":
      return attachTo(turn, message);
    case "wake":
      return wake(turn);
    default:
      return unreachable(message);
  }
}

export type { KeyEventBody, Pending } from "./events.ts";
export type { KeyState } from "./state.ts";
export { openRun, pendingStart } from "./state.ts";
