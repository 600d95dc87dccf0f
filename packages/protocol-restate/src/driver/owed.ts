/** Commands that were given to the engine and are not here as events yet. */
import type { Command, RunEvent } from "@perdure/kernel";

export class Owed {
  readonly #ordinals = new Set<number>();

  get isEmpty(): boolean {
    return this.#ordinals.size === 0;
  }

  asked(commands: readonly Command[]): void {
    for (const command of commands) {
      // A read is answered when another machine has looked: that is waited for, if at all, by the code.
      if ("ordinal" in command && command.type !== "state.read")
        this.#ordinals.add(command.ordinal);
    }
  }

  heard(event: RunEvent): void {
    if ("ordinal" in event) this.#ordinals.delete(event.ordinal);
  }
}

/**
 * What the SDK is told of these (the ids of the invocations that it has started) does not wake a run,
 * so a run that waits for that is not at rest.
 */
export function tellsAtOnce(command: Command): boolean {
  if (command.type === "call.start") return true;
  return command.type === "send" && command.message.type === "start";
}
