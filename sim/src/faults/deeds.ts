/**
 * Everything that disturbs a simulation is a deed with a name: the third crash of a node is
 * `nodeCrash#3`, the customer that comes second `customer#2`. So a red seed can be replayed with
 * some of them left out.
 *
 * 1. Whether a deed is left out changes no draw: what is drawn for one comes from a generator that
 *    no other one uses, or is drawn anyway.
 */
export interface Chosen {
  /** Kinds that are left out altogether. */
  readonly off?: readonly string[];
  /** Of the others only these are done; absent: all. */
  readonly only?: readonly string[];
}

export class Deeds {
  /** Those that were done, in order. */
  readonly done: string[] = [];
  readonly #off: ReadonlySet<string>;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #counts = new Map<string, number>();

  constructor({ off = [], only }: Chosen = {}) {
    this.#off = new Set(off);
    this.#only = only && new Set(only);
  }

  /** The name of the next one of its kind, if it is to be done. */
  next(kind: string): string | undefined {
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const name = `${kind}#${number}`;
    if (this.#off.has(kind) || this.#only?.has(name) === false) return undefined;
    this.done.push(name);
    return name;
  }

  allows(kind: string): boolean {
    return this.next(kind) !== undefined;
  }
}
