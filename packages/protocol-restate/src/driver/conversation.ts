/**
 * What one attempt says, as commands of its run, and what the run's events are to it.
 *
 * V1  Messages are taken in order. One that needs to be looked up first keeps those behind it
 *     waiting, and the endpoint is not read meanwhile.
 * V2  Whatever an endpoint says may be the end of its attempt, never of this process.
 * V3  After its end it is silent (D4).
 */
import { PerdureError, type Command, type KeyRef, type RunId } from "@perdure/kernel";
import { parseInvocationId } from "../ids/invocation-id.ts";
import type { Message, MessageOf } from "../messages/messages.ts";
import { invocationNamedBy } from "../projection/ask-waits.ts";
import { commandsOf } from "../projection/commands.ts";
import type { JournalState, Refusal } from "../projection/state.ts";
import { suspensionOf, type Awaited } from "../projection/awaiting.ts";
import { endOf } from "../projection/ending.ts";
import { unexpected } from "./attempt-words.ts";
import { pauseForCode, sdkFailure, type AttemptFailure } from "./failure.ts";

/** `commands`: what it asked for just before. */
export type ConversationEnd = { readonly commands: readonly Command[] } & (
  | { readonly type: "over" }
  | { readonly type: "suspended"; readonly awaited: Awaited }
  | { readonly type: "failed"; readonly failure: AttemptFailure }
);

export interface ConversationParts {
  readonly keyOf: (runId: RunId) => Promise<KeyRef | undefined>;
  /** The last event that the SDK was told of. */
  readonly given: () => number;
  readonly asked: (commands: readonly Command[]) => void;
  readonly ended: (end: ConversationEnd) => void;
  /** It has to look something up, or has done so: see `isLooking`. */
  readonly looking: () => void;
  /** V2: a mistake of ours. */
  readonly broken: (error: unknown) => void;
}

export class Conversation {
  readonly #state: JournalState;
  readonly #parts: ConversationParts;
  readonly #inbox: Message[] = [];
  #output: MessageOf<"output"> | undefined;
  #isLooking = false;
  #isOver = false;

  constructor(state: JournalState, parts: ConversationParts) {
    this.#state = state;
    this.#parts = parts;
  }

  get isLooking(): boolean {
    return this.#isLooking;
  }

  take(messages: readonly Message[]): void {
    for (const message of messages) this.#inbox.push(message);
    if (!this.#isLooking) this.#work();
  }

  /** Nothing more is taken from it. */
  stop(): void {
    this.#isOver = true;
    this.#inbox.length = 0;
  }

  #work(known?: { readonly key: KeyRef | undefined }): void {
    try {
      this.#process(known);
    } catch (error) {
      this.#parts.broken(error);
      this.stop();
      const reason = error instanceof Error ? error.message : String(error);
      const text = `[RT0006] the endpoint's messages could not be taken: ${reason}; please report this`;
      this.#parts.ended({
        type: "failed",
        commands: [],
        failure: { code: "RT0006", message: text },
      });
    }
  }

  #process(known?: { readonly key: KeyRef | undefined }): void {
    const commands: Command[] = [];
    let key = known;
    while (!this.#isOver) {
      const message = this.#inbox[0];
      if (message === undefined) break;
      const runId = key === undefined ? lookedUp(message) : undefined;
      if (runId !== undefined) {
        void this.#look(runId);
        break;
      }
      this.#inbox.shift();
      const end = this.#step(message, commands, key?.key);
      key = undefined;
      if (end === undefined) continue;
      this.stop();
      return this.#parts.ended(end);
    }
    if (commands.length > 0) this.#parts.asked(commands);
  }

  #step(
    message: Message,
    commands: Command[],
    key: KeyRef | undefined,
  ): ConversationEnd | undefined {
    switch (message.type) {
      case "awaitingOn":
        return undefined;
      case "output":
        this.#output = message;
        return this.#ask(message, commands);
      case "end": {
        if (this.#output === undefined) {
          const failure = unexpected("end", "there was no output before it");
          return { type: "failed", commands, failure };
        }
        return { type: "over", commands: [...commands, endOf(this.#output.result, this.#state)] };
      }
      case "suspension": {
        const { commands: waits, awaited } = suspensionOf(
          message,
          this.#state,
          this.#parts.given(),
        );
        return { type: "suspended", commands: [...commands, ...waits], awaited };
      }
      case "error":
        return { type: "failed", commands, failure: sdkFailure(message) };
      default:
        return this.#ask(message, commands, key);
    }
  }

  #ask(message: Message, commands: Command[], key?: KeyRef): ConversationEnd | undefined {
    const asked = commandsOf(message, this.#state, key === undefined ? {} : { key });
    if (asked.refusal) return { type: "failed", commands, failure: refused(asked.refusal) };
    for (const command of asked.commands) commands.push(command);
    return undefined;
  }

  async #look(runId: RunId): Promise<void> {
    this.#isLooking = true;
    this.#parts.looking();
    let key: KeyRef | undefined;
    let failure: AttemptFailure | undefined;
    try {
      key = await this.#parts.keyOf(runId);
    } catch (error) {
      const reason = error instanceof PerdureError ? error.message : String(error);
      failure = {
        code: "RT0006",
        message: `[RT0006] the target of a message could not be looked up: ${reason}`,
      };
    }
    this.#isLooking = false;
    if (this.#isOver) return;
    this.#parts.looking();
    if (failure === undefined) return this.#work({ key });
    this.stop();
    this.#parts.ended({ type: "failed", commands: [], failure });
  }
}

function refused({ code, text, isPermanent }: Refusal): AttemptFailure {
  const message = code.startsWith("RT") ? `[${code}] ${text}` : text;
  return { code, message, ...(isPermanent ? { next: pauseForCode } : {}) };
}

/** Who waits for another invocation says where that is, which its id alone does not. */
function lookedUp(message: Message): RunId | undefined {
  const id = invocationNamedBy(message);
  if (id === undefined) return undefined;
  try {
    return parseInvocationId(id);
  } catch {
    // Nobody's id: it is refused where it is used.
    return undefined;
  }
}
