/** One direction between two processes: messages arrive in the order they were sent, or not. */
import { digestOf, textOf, textOfError } from "./digest.ts";

export interface Message {
  readonly what: string;
  /** Of its content. */
  readonly digest: string;
  readonly receive: () => void;
}

export class Channel {
  readonly #messages: Message[] = [];
  #isClosed = false;

  get first(): Message | undefined {
    return this.#messages[0];
  }

  get state(): string {
    return this.#messages.map(({ digest }) => digest).join();
  }

  send(what: string, content: unknown, receive: () => void): void {
    if (this.#isClosed) return;
    this.#messages.push({ what, digest: digestOf(`${what} ${textOf(content)}`), receive });
  }

  take(): Message | undefined {
    return this.#messages.shift();
  }

  clear(): void {
    this.#messages.length = 0;
  }

  /** Nothing arrives any more. */
  close(): void {
    this.clear();
    this.#isClosed = true;
  }
}

/** Two channels, to ask over one and hear over the other. */
export class Line {
  readonly #there: Channel;
  readonly #back: Channel;
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(there: Channel, back: Channel) {
    this.#there = there;
    this.#back = back;
  }

  ask<T>(what: string, content: unknown, action: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const answered = (text: string, value: unknown, settle: () => void): void => {
        this.#back.send(`${text} ${what}`, value, () => {
          this.#waiting.delete(reject);
          settle();
        });
      };
      this.#there.send(what, content, () => {
        action().then(
          (value) => answered("answer to", value, () => resolve(value)),
          (error: unknown) => answered("refusal of", textOfError(error), () => reject(error)),
        );
      });
    });
  }

  /** What has no answer gets none. */
  end(error: Error): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}
