/**
 * A client of the cluster over a network that loses, delays and repeats requests and answers.
 *
 * 1. A call that may have been lost is made again until it is answered, with the same identity.
 * 2. When the world heals, what is not answered soon is asked again: nobody sits out his patience
 *    for what was lost before.
 * 3. An answer is only ever about what is durable (invariant 1): callers check it in the shadow.
 */
import type { EngineClient } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";

const TIMEOUT_MS = 3_000;
/** After the world has healed, for what was asked before. */
const SOON_MS = 1_000;

export type Ask<T> = (client: EngineClient) => Promise<T>;

export class Caller {
  readonly process: Process;
  readonly #parts: Parts;
  readonly #cluster: Cluster;
  readonly #prng: Prng;
  /** Ways to give up what is not answered yet. */
  readonly #waiting = new Set<() => void>();

  constructor(parts: Parts, cluster: Cluster, process: Process) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.process = process;
    this.#prng = parts.prng.fork(`calls of ${process.name}`);
    parts.onceHealed(() => {
      const before = [...this.#waiting];
      process.after(SOON_MS, () => before.forEach((giveUp) => giveUp()));
    });
  }

  /** One try. */
  attempt<T>(ask: Ask<T>, timeoutMs: number = TIMEOUT_MS): Promise<T> {
    const node = this.#cluster.fleet.pick(this.#prng);
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => settle(() => reject(noAnswer()));
      const cancel = this.process.after(timeoutMs, giveUp);
      const settle = (answer: () => void): void => {
        cancel();
        this.#waiting.delete(giveUp);
        answer();
      };
      this.#waiting.add(giveUp);
      this.#post(node?.process, () => {
        const { engine } = node ?? {};
        if (engine === undefined) return;
        ask(engine).then(
          (value) => this.#post(this.process, () => settle(() => resolve(value))),
          (error: unknown) => this.#post(this.process, () => settle(() => reject(error))),
        );
      });
    });
  }

  /** Until it is answered for good; an error that another try cannot change is the answer. */
  async call<T>(ask: Ask<T>, timeoutMs?: number): Promise<T> {
    for (;;) {
      try {
        return await this.attempt(ask, timeoutMs);
      } catch (error) {
        if (!isWorthAnotherTry(error)) throw error;
        this.#parts.trace.note(this.process.name, "tries again", String(error));
        await this.process.sleep(this.#prng.between(20, 200));
      }
    }
  }

  #post(to: Process | undefined, receive: () => void): void {
    const { mix, marks, world, deeds } = this.#parts;
    const { clientDrop, clientDuplicate, linkDelayMs } = mix();
    if (to === undefined) return;
    if (this.#prng.chance(clientDrop) && deeds.allows("clientDrop")) {
      return marks.hit("fault: clientDrop");
    }
    const isTwice = this.#prng.chance(clientDuplicate) && deeds.allows("clientDuplicate");
    const copies = isTwice ? 2 : 1;
    if (copies > 1) marks.hit("fault: clientDuplicate");
    for (let copy = 0; copy < copies; copy++) {
      world.after(this.#prng.between(0, Math.ceil(linkDelayMs)), () => to.after(0, receive));
    }
  }
}

function noAnswer(): PerdureError {
  return new PerdureError("deadline-exceeded", "No answer came in time: try again.");
}

/** A closed or fenced engine has a successor. */
function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof PerdureError)) throw error;
  return error.retry !== "never" || error.code === "closed" || error.code === "fenced";
}
