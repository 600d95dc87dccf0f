/** Which version of its code a run stays with. */
import type { RunMessage } from "../../messages.ts";
import { reply, type RunTurn } from "./turn.ts";

type Of<T extends RunMessage["type"]> = Extract<RunMessage, { type: T }>;

/** The first worker that pins decides; the next ones are of its version, or come too late. */
export function pin(turn: RunTurn, { version, worker }: Of<"run.pin">): void {
  if (turn.state.version === undefined) turn.emit({ kind: "activation.pinned", version, worker });
}

export function repin(turn: RunTurn, { version, by, request }: Of<"run.repin">): void {
  if (turn.state.version !== version) {
    turn.emit({
      kind: "activation.pinned",
      ...(version === undefined ? {} : { version }),
      ...(by === undefined ? {} : { by }),
    });
  }
  reply(turn, request, { type: "ok" });
}
