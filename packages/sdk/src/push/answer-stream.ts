/**
 * The answer's body: frames sealed and sent as they come up, with signs of life between them.
 *
 * B1  Frames leave in the order in which they were given, each chained to the one before it.
 * B2  Nothing follows `end`, and nothing follows the moment at which the other side has gone.
 */
import type { Env } from "@perdure/engine";
import {
  encodePushFrame,
  FrameSealer,
  type Digests,
  type PushFrame,
  type SignedRequest,
} from "@perdure/wire";

const ALIVE_MS = 5_000;

interface AnswerWorld {
  readonly env: Env;
  /** Default: WebCrypto. */
  readonly digests?: Digests | undefined;
}

export class AnswerStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #sealer: FrameSealer;
  readonly #env: Env;
  readonly #gone: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #sent: Promise<void> = Promise.resolve();
  #isOver = false;
  #stopAlive: () => void = () => undefined;

  /** `gone` is called when whoever asked stops listening before the end. */
  constructor(request: SignedRequest, { env, digests }: AnswerWorld, gone: () => void) {
    this.#sealer = new FrameSealer(request, digests);
    this.#env = env;
    this.#gone = gone;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        // Also after `end`, which may still be on its way through the sealer.
        this.#controller = undefined;
        this.abort();
      },
    });
    this.#beAlive();
  }

  send(frame: PushFrame): void {
    if (!this.#isOver) this.#send(frame);
  }

  end(keeps: boolean): void {
    if (this.#isOver) return;
    this.#send({ type: "end", keeps });
    this.#stop();
    void this.#sent.then(() => this.#controller?.close());
  }

  /** Ends without an `end`: what was not sent yet is lost, and the server sees it. */
  abort(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#controller?.error(new Error("the exchange was given up"));
    this.#controller = undefined;
    this.#gone();
  }

  #send(frame: PushFrame): void {
    this.#sent = this.#sent
      .then(() => this.#seal(frame))
      .catch((error: unknown) => {
        this.#env.log("error", "an answer could not be sent", { error: String(error) });
        this.abort();
      });
  }

  async #seal(frame: PushFrame): Promise<void> {
    for (const payload of encodePushFrame(frame)) {
      const bytes = await this.#sealer.seal(payload);
      this.#controller?.enqueue(bytes);
    }
  }

  #beAlive(): void {
    this.#stopAlive = this.#env.after(ALIVE_MS, () => {
      this.send({ type: "alive" });
      this.#beAlive();
    });
  }

  #stop(): void {
    this.#isOver = true;
    this.#stopAlive();
  }
}
