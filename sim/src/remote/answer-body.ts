/** The body of an answer as the one who asked reads it: pieces that come, and an end or a break. */
import type { PostBody } from "@perdure/server/workers";
import type { Process } from "../world/process.ts";

export class AnswerBody implements PostBody {
  readonly #reader: Process;
  readonly #silenceMs: number;
  readonly #onLeft: () => void;
  readonly #pieces: Uint8Array[] = [];
  #wake: () => void = nothing;
  #cancelSilence: () => void = nothing;
  #isOver = false;
  #error: Error | undefined;

  /** `onLeft`: nothing more is wanted. */
  constructor(reader: Process, silenceMs: number, onLeft: () => void) {
    this.#reader = reader;
    this.#silenceMs = silenceMs;
    this.#onLeft = onLeft;
    this.#listen();
  }

  push(piece: Uint8Array): void {
    if (this.#isOver) return;
    this.#pieces.push(piece);
    this.#listen();
    this.#wake();
  }

  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#cancelSilence();
    this.#wake();
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  finish(): void {
    this.#cancelSilence();
  }

  destroy(): void {
    this.end();
    this.#onLeft();
  }

  #listen(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#reader.after(this.#silenceMs, () => {
      this.end(new Error("nothing came for too long"));
      this.#onLeft();
    });
  }
}

function nothing(): void {}
