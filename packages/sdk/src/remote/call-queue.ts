/** Which calls are on their way, and which wait for a place: calls before waits. */
import type { Incoming, Outgoing } from "./transport.ts";

export interface Asking {
  readonly id: number;
  readonly out: Outgoing;
  readonly resolve: (incoming: Incoming) => void;
  readonly reject: (error: Error) => void;
  /** Its time does not count any longer. */
  readonly late: () => void;
  isSent: boolean;
}

/** Of all places, so many are not taken by waits. */
const FOR_CALLS = 1 / 8;

export class CallQueue {
  /** What the server takes. */
  atOnce = 1;
  readonly #sent = new Map<number, Asking>();
  #waitsSent = 0;
  /** In the order in which they were asked; those whose time is up are no longer there. */
  readonly #calls = new Map<number, Asking>();
  readonly #waits = new Map<number, Asking>();

  get inProgress(): number {
    return this.#sent.size + this.#calls.size + this.#waits.size;
  }

  get waitsAtOnce(): number {
    return Math.max(1, Math.floor(this.atOnce * (1 - FOR_CALLS)));
  }

  push(asking: Asking): void {
    (isWait(asking) ? this.#waits : this.#calls).set(asking.id, asking);
  }

  /** The next to be sent; undefined: none waits, or there is no place. */
  take(): Asking | undefined {
    if (this.#sent.size >= this.atOnce) return undefined;
    const call = firstOf(this.#calls);
    const next = call ?? (this.#waitsSent < this.waitsAtOnce ? firstOf(this.#waits) : undefined);
    if (next === undefined) return undefined;
    if (call === undefined) this.#waitsSent++;
    (call === undefined ? this.#waits : this.#calls).delete(next.id);
    next.isSent = true;
    this.#sent.set(next.id, next);
    return next;
  }

  /** It is answered, or its time is up. */
  end(id: number): Asking | undefined {
    const sent = this.#sent.get(id);
    if (sent !== undefined) {
      this.#sent.delete(id);
      if (isWait(sent)) this.#waitsSent--;
      return sent;
    }
    const asking = this.#calls.get(id) ?? this.#waits.get(id);
    this.#calls.delete(id);
    this.#waits.delete(id);
    return asking;
  }

  clear(): readonly Asking[] {
    const all = [...this.#sent.values(), ...this.#calls.values(), ...this.#waits.values()];
    this.#sent.clear();
    this.#calls.clear();
    this.#waits.clear();
    this.#waitsSent = 0;
    return all;
  }
}

function isWait({ out }: Asking): boolean {
  return out.lane === "wait";
}

function firstOf(asking: ReadonlyMap<number, Asking>): Asking | undefined {
  const [first] = asking.values();
  return first;
}
