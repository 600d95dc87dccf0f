/** The wall between namespaces, seen from workflow code: it names no key beyond it (T1). */
import type { KeyRef } from "../ids.ts";
import type { Command } from "./command.ts";

/** Why the command is refused, if it reaches for another namespace's key. */
export function overTheWall(namespace: string, command: Command): string | undefined {
  const key = keyIn(command);
  if (key === undefined || key.namespace === namespace) return undefined;
  return (
    `the code addresses the key ${key.kind} "${key.id}" of the namespace "${key.namespace}", and ` +
    `a run reaches its own, "${namespace}", only; change the code, then resume the run`
  );
}

function keyIn(command: Command): KeyRef | undefined {
  if (command.type === "call.start") return command.target.key;
  if (command.type === "wait.start") return command.on.type === "run" ? command.on.key : undefined;
  if (command.type !== "send") return undefined;
  const { message } = command;
  switch (message.type) {
    case "start":
      return message.target.key;
    case "signal":
    case "cancel":
      return typeof message.to === "string" ? undefined : message.to;
    case "publish":
      return undefined;
  }
}
