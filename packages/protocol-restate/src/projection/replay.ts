/**
 * The journal as an attempt begins with it, and what it is told of later events.
 *
 * P1  Commands come in the order of their ordinals, which is the order in which the SDK asked;
 *     notifications come in journal order, each after the commands before it.
 * P2  Whatever was told live is told the same way, and in the same order, by a replay.
 */
import { PerdureError, type RunEvent } from "@perdure/kernel";
import type { Message, Notification, ProtocolCommand } from "../messages/messages.ts";
import { follow } from "./follow.ts";
import { initialState, type JournalState, type ProjectionContext } from "./state.ts";

export interface Entries {
  /** The input first. Their number is `knownEntries` of Start. */
  readonly messages: readonly Message[];
  /** When the last of them was written, ms since epoch. */
  readonly lastEntryAt: number;
  /** Attempts that have failed since. */
  readonly failedSince: number;
  readonly state: JournalState;
}

/** Throws where the journal is none of a Restate service. */
export function entriesOf(events: readonly RunEvent[], context: ProjectionContext): Entries {
  const state = initialState(context);
  const order = new Ordered();
  let lastEntryAt = events[0]?.at ?? 0;
  let failedSince = 0;
  for (const event of events) {
    const { command, notification } = follow(event, state);
    order.add("ordinal" in event ? event.ordinal : undefined, command, notification);
    if (command !== undefined || notification !== undefined) {
      lastEntryAt = event.at;
      failedSince = 0;
    }
    if (event.kind === "activation.failed") failedSince += 1;
  }
  return { messages: order.finished(), lastEntryAt, failedSince, state };
}

/** What the SDK is told of one event; the state follows whether it is told or not. */
export function notificationsOf(event: RunEvent, state: JournalState): readonly Message[] {
  const { notification } = follow(event, state);
  if (notification === undefined) return none;
  if (notification.type === "completion" && notification.of === "run") {
    const { completionId } = notification;
    if (state.acks.delete(completionId)) {
      return [{ type: "proposeRunCompletionAck", completionId }];
    }
  }
  return [notification];
}

const none: readonly Message[] = [];

/** Puts commands in the order of their ordinals. Almost always they come in it. */
class Ordered {
  readonly #messages: Message[] = [];
  /** All ordinals up to here have come. */
  #through = 0;
  readonly #early = new Map<number, ProtocolCommand | undefined>();
  readonly #behind: Notification[] = [];

  /** An ordinal without a command is one that the SDK knows nothing of. */
  add(
    ordinal: number | undefined,
    command: ProtocolCommand | undefined,
    notification: Notification | undefined,
  ): void {
    if (ordinal !== undefined && ordinal > this.#through) this.#early.set(ordinal, command);
    else if (command !== undefined) this.#messages.push(command);
    if (notification !== undefined) this.#behind.push(notification);
    this.#advance();
  }

  finished(): readonly Message[] {
    if (this.#early.size === 0) return this.#messages;
    throw new PerdureError(
      "invalid-argument",
      `the journal lacks operation ${this.#through + 1} of those that its code asked for: it was cut in the middle; fork the run at another event`,
    );
  }

  #advance(): void {
    for (;;) {
      const next = this.#through + 1;
      if (!this.#early.has(next)) break;
      const command = this.#early.get(next);
      this.#early.delete(next);
      this.#through = next;
      if (command !== undefined) this.#messages.push(command);
    }
    if (this.#early.size === 0 && this.#behind.length > 0) {
      this.#messages.push(...this.#behind.splice(0));
    }
  }
}
