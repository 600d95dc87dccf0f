/** An array that was longer than this is given back when it is empty. */
const KEPT = 64;

/** First in, first out, in constant time; an array's own `shift` moves all that is left. */
export class Fifo<T> {
  /** Kept while it is empty, as long as it is short: most are filled and emptied all the time. */
  #items: (T | undefined)[] = [];
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  push(item: T): void {
    this.#items[this.#tail++] = item;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#tail) this.#rewind();
    else if (this.#head > 1_024 && this.#head * 2 > this.#tail) this.#compact();
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#tail = 0;
  }

  #rewind(): void {
    if (this.#items.length > KEPT) return this.clear();
    this.#head = 0;
    this.#tail = 0;
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head, this.#tail);
    this.#tail -= this.#head;
    this.#head = 0;
  }
}
