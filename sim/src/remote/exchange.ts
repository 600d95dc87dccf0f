/**
 * One HTTP request from a node to an app, and everything that a network and the proxies in it do to
 * such a request.
 *
 * 1. A request may be lost, be late so that later ones overtake it, or arrive twice; then one of its
 *    two answers comes back, and nobody hears the other.
 * 2. An answer may be lost after the work was done, break off anywhere, or come slowly.
 * 3. Pieces of an answer arrive in their order.
 * 4. Whoever asks may be told of a break, or has to find out by its own clock. When the world heals
 *    nearly all who were not told are told: a buffered app has a quarter of an hour for its answer.
 */
import { NotConnected, type PostAnswer, type PostRequest } from "@perdure/server/workers";
import type { AppRequest } from "perdure/worker";
import type { Parts } from "../cluster/parts.ts";
import type { Fault } from "../faults/mix.ts";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import { AnswerBody } from "./answer-body.ts";

export interface App {
  readonly process: Process;
  /** Its platform sends an answer when it is whole. */
  readonly isBuffered: boolean;
  answer(request: AppRequest, body: Uint8Array): Promise<Response>;
}

export interface ExchangeParts {
  readonly parts: Parts;
  readonly prng: Prng;
  readonly client: Process;
  readonly request: PostRequest;
  /** Some app that is there now. */
  readonly app: () => App | undefined;
  readonly onOver: () => void;
}

/** One arrival of the request at an app. */
interface Copy {
  readonly app: App;
  readonly controller: AbortController;
}

export class Exchange {
  readonly client: Process;
  readonly #given: ExchangeParts;
  readonly #answer = Promise.withResolvers<PostAnswer>();
  readonly #copies: Copy[] = [];
  #body: AnswerBody | undefined;
  readonly #underWay: (() => void)[] = [];
  #lastArrival = 0;
  #isOver = false;
  /** Nothing will come, and whoever asks does not know it. */
  #isUntold = false;
  #cancelHead: () => void = () => undefined;

  constructor(given: ExchangeParts) {
    this.#given = given;
    this.client = given.client;
  }

  start(): Promise<PostAnswer> {
    const { client, request, prng } = this.#given;
    this.#cancelHead = client.after(request.headMs, () => this.#give("it did not answer in time"));
    request.signal.addEventListener("abort", () => this.#give("the request was given up"), {
      once: true,
    });
    if (this.#strikes("pushRequestLost")) {
      if (prng.chance(0.5)) this.#tell("the connection was reset");
      else this.#isUntold = true;
    } else if (this.#strikes("pushDuplicate")) {
      const heard = prng.between(0, 1);
      for (const copy of [0, 1]) this.#depart(copy === heard, false);
    } else this.#depart(true, true);
    return this.#answer.promise;
  }

  at(process: Process): boolean {
    return this.#copies.some(({ app }) => app.process === process);
  }

  /** The connection is gone; `isTold`: whoever asks hears of it. */
  cut(isTold: boolean): void {
    this.#abortCopies();
    if (isTold) this.#tell("the connection was reset");
    else this.#isUntold = true;
  }

  healed(): void {
    if (!this.#isUntold || !this.#given.prng.chance(0.97)) return;
    this.#tell("the network does not know the connection");
  }

  #depart(isHeard: boolean, isAlone: boolean): void {
    const { prng, app } = this.#given;
    const lateMs = this.#strikes("pushReorder") ? prng.between(50, 2_500) : 0;
    this.#later(this.#delayMs() + lateMs, () => {
      const target = app();
      if (target !== undefined) return this.#arrive(target, isHeard);
      if (isAlone) this.#post(() => this.#fail(new NotConnected("nobody listens there", false)));
      else if (isHeard) this.#tell("the proxy reached nobody");
    });
  }

  #arrive(app: App, isHeard: boolean): void {
    const { url, headers, body } = this.#given.request;
    const controller = new AbortController();
    this.#copies.push({ app, controller });
    if (this.#isOver || !this.client.isAlive) {
      this.#later(this.#delayMs(), () => this.#abort(app, controller));
    }
    const request: AppRequest = {
      method: "POST",
      url,
      headers: new Headers(headers),
      body: streamOf(body),
      signal: controller.signal,
    };
    app.process.after(0, () => {
      void app.answer(request, body).then((response) => this.#carry(app, response, isHeard));
    });
  }

  /** Reads the answer where it is made, and sends what of it is to arrive. */
  async #carry(app: App, response: Response, isHeard: boolean): Promise<void> {
    const { prng } = this.#given;
    const isLost = isHeard && this.#strikes("pushResponseLost");
    const isSilent = isLost && prng.chance(0.5);
    const send = (run: () => void): void => void (isHeard && !isLost && this.#post(run));
    let left = this.#strikes("pushTruncated") ? prng.between(0, 400) : Infinity;
    if (!app.isBuffered) send(() => this.#head(response));
    const whole: Uint8Array[] = [];
    let broke = false;
    try {
      for await (const piece of piecesOf(response)) {
        if (left <= 0) continue;
        const passed = piece.subarray(0, left);
        left -= piece.length;
        if (app.isBuffered) whole.push(passed);
        else for (const part of this.#parts(passed)) send(() => this.#body?.push(part));
      }
    } catch {
      broke = true;
    }
    if (!app.process.isAlive) return;
    if (app.isBuffered && !broke) {
      send(() => this.#head(response));
      for (const piece of whole) send(() => this.#body?.push(piece));
    }
    const isCut = broke || (left <= 0 && prng.chance(0.5));
    send(() => (isCut ? this.#break("the answer broke off") : this.#end()));
    if (isSilent) this.#isUntold = true;
    else if (isLost) this.#tell("the connection was reset");
  }

  #head(response: Response): void {
    if (this.#isOver) return;
    this.#cancelHead();
    const { request } = this.#given;
    const body = new AnswerBody(this.client, request.silenceMs, () => this.#give("not wanted"));
    this.#body = body;
    const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
    this.#answer.resolve({ status: response.status, header, body });
  }

  #end(): void {
    this.#body?.end();
    this.#over();
  }

  /** Whoever asks has heard that the connection is gone. */
  #break(why: string): void {
    this.#fail(new Error(why));
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#answer.reject(error);
    this.#body?.end(error);
    this.#over();
  }

  /** Whoever asks wants no more, and the app hears of it. */
  #give(why: string): void {
    this.#fail(new Error(why));
    this.#abortCopies();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelHead();
    this.#given.onOver();
  }

  #abortCopies(): void {
    for (const { app, controller } of this.#copies) {
      this.#later(this.#delayMs(), () => this.#abort(app, controller));
    }
  }

  #abort({ process }: App, controller: AbortController): void {
    process.after(0, () => controller.abort());
  }

  /** A piece as it arrives: whole, or in parts with pauses. */
  #parts(piece: Uint8Array): readonly Uint8Array[] {
    if (!this.#strikes("pushSlow")) return [piece];
    this.#lastArrival = Math.max(this.#lastArrival, this.#given.parts.world.now);
    this.#lastArrival += this.#given.prng.between(100, 3_000);
    const middle = this.#given.prng.between(0, piece.length);
    return [piece.subarray(0, middle), piece.subarray(middle)];
  }

  /** To whoever asks, in order. */
  #post(run: () => void): void {
    const { world } = this.#given.parts;
    this.#lastArrival = Math.max(this.#lastArrival, world.now + this.#delayMs());
    this.#underWay.push(run);
    // The oldest, whichever this is: equal times must not reorder them.
    const arrive = (): void => this.#underWay.shift()?.();
    world.after(this.#lastArrival - world.now, () => this.client.after(0, arrive));
  }

  /** Whoever asks hears that it is over, some time later. */
  #tell(why: string): void {
    const { prng } = this.#given;
    this.#later(prng.between(1, 500), () => this.client.after(0, () => this.#break(why)));
  }

  #later(ms: number, run: () => void): void {
    this.#given.parts.world.after(ms, run);
  }

  #strikes(fault: Fault): boolean {
    const { parts, prng } = this.#given;
    if (!prng.chance(parts.mix()[fault]) || !parts.deeds.allows(fault)) return false;
    parts.marks.hit(`fault: ${fault}`);
    return true;
  }

  #delayMs(): number {
    return this.#given.prng.between(0, Math.ceil(this.#given.parts.mix().linkDelayMs));
  }
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  for (;;) {
    const piece = (await reader?.read())?.value;
    if (piece === undefined) return;
    yield piece;
  }
}
