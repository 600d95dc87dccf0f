/** Where messages are put for the machines; the pump takes them from there. */
import { limits, partitionOf, PerdureError } from "@perdure/kernel";
import type { Message, Reply, RequestId, StreamId } from "@perdure/kernel";
import { awayError } from "../streams/loader.ts";
import type { Partition } from "../streams/partition.ts";
import type { Hold } from "../workers/hold.ts";
import { callerOf, type Requests } from "./requests.ts";

export interface MailParts {
  readonly partitions: readonly Partition[];
  readonly requests: Requests;
  readonly ready: (partition: Partition) => void;
  readonly readyLater: (partition: Partition) => void;
}

/** How long what is posted may wait: `withNext`, until there is something else to commit. */
export type Haste = "atOnce" | "withNext";

export class Mail {
  readonly #parts: MailParts;

  constructor(parts: MailParts) {
    this.#parts = parts;
  }

  get queued(): number {
    return this.#parts.partitions.reduce((sum, { queue }) => sum + queue.length, 0);
  }

  /**
   * What the engine itself has to say is never refused: it is bounded by what causes it. What it
   * says to a partition that has left says the store to the next owner.
   */
  post(stream: StreamId, message: Message, hold?: Hold, haste: Haste = "atOnce"): void {
    const partition = this.#home(stream);
    const away = awayError(partition);
    if (away !== undefined) {
      const caller = callerOf(message);
      if (caller !== undefined) this.#parts.requests.fail(caller, away);
      return;
    }
    partition.queue.push({ stream, message, hold });
    if (haste === "atOnce") this.#parts.ready(partition);
    else this.#parts.readyLater(partition);
  }

  /** A caller's message and the reply to it, which is durable; an error reply is thrown. */
  ask(stream: StreamId, message: (request: RequestId) => Message, haste?: Haste): Promise<Reply> {
    const partition = this.#home(stream);
    if (partition.phase === "closing") return Promise.reject(closingError(partition));
    return this.askWithin(stream, message, haste);
  }

  /** From a worker that has something of the stream in hand: also when it is about to leave. */
  async askWithin(
    stream: StreamId,
    message: (request: RequestId) => Message,
    haste?: Haste,
  ): Promise<Reply> {
    const partition = this.#home(stream);
    const refusal = awayError(partition) ?? partition.broken.get(stream) ?? fullError(partition);
    if (refusal !== undefined) throw refusal;
    const reply = await new Promise<Reply>((resolve, reject) => {
      const request = this.#parts.requests.open({ answer: resolve, fail: reject });
      this.post(stream, message(request), undefined, haste);
    });
    if (reply.type !== "error") return reply;
    throw new PerdureError(reply.code, reply.message, reply.detail ? { detail: reply.detail } : {});
  }

  #home(stream: StreamId): Partition {
    const { partitions } = this.#parts;
    return partitions[partitionOf(stream, partitions.length)] as Partition;
  }
}

function closingError({ number }: Partition): PerdureError {
  const text = `Partition ${number} is on its way to another node: send the call there.`;
  return new PerdureError("fenced", text);
}

function fullError(partition: Partition): PerdureError | undefined {
  if (partition.queue.length < limits.partitionQueue) return undefined;
  return new PerdureError(
    "overloaded",
    `${limits.partitionQueue} messages wait already: slow down, and try again after a second.`,
    { detail: { retryAfterMs: 1_000 } },
  );
}
