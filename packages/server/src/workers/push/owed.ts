/**
 * What the code has asked for in one hold and the journal has not shown yet. Until it has, whoever
 * begins the code anew from the journal would have it ask again.
 */
import { isClosing, type ActivationAnswer, type Command, type RunEvent } from "@perdure/kernel";

export class Owed {
  /** By key, and attempt if there are several, or by ordinal where there is no key. */
  readonly #operations = new Set<string | number>();
  /** The word that the code waits, as its own event will have it; 0: that has come. */
  #through = 0;
  /** The run has ended: whatever its code says changes nothing. */
  #isClosed = false;

  get isEmpty(): boolean {
    return this.#isClosed || (this.#operations.size === 0 && this.#through === 0);
  }

  /** The code says this; `since`: what has come since it was given events. */
  asked({ commands }: ActivationAnswer, since: readonly RunEvent[]): void {
    for (const command of commands) {
      const name = nameOf(command);
      // An earlier hold's read may have been answered meanwhile, and serves this one too.
      const isAnswered = command.type === "state.read" && isRecorded(command.key, since);
      if (name !== undefined && !isAnswered) this.#operations.add(name);
    }
  }

  /** Events up to here were answered for, for the first time. */
  waits(through: number): void {
    this.#through = through;
  }

  heard(event: RunEvent): void {
    if (isClosing(event.kind)) this.#isClosed = true;
    if (event.kind === "activation.completed" && event.through >= this.#through) this.#through = 0;
    if (event.kind === "activation.failed") {
      // The answer was not taken as it was.
      this.#operations.clear();
      this.#through = 0;
    }
    if ("key" in event && event.key !== undefined) {
      this.#operations.delete(event.key);
      if ("attempt" in event) this.#operations.delete(attemptOf(event.key, event.attempt));
    }
    if ("ordinal" in event) this.#operations.delete(event.ordinal);
  }
}

/** Of a command that leaves an event of its own; attempts of a step leave one each. */
function nameOf(command: Command): string | number | undefined {
  if (!("ordinal" in command)) return undefined;
  if (!("key" in command)) return command.ordinal;
  return "attempt" in command ? attemptOf(command.key, command.attempt) : command.key;
}

function attemptOf(key: string, attempt: number): string {
  return `${key}@${attempt}`;
}

function isRecorded(key: string, events: readonly RunEvent[]): boolean {
  return events.some((event) => event.kind === "value.recorded" && event.key === key);
}
