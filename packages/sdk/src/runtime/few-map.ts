/**
 * A map by name that has one entry most of the time, or none: code mostly does one thing after the
 * other. The one is kept without a table, for V8 makes a Map a new one each time it gets empty.
 *
 * An entry is the first only where there was no other when it came, so the order is that of their
 * coming.
 */
export class FewMap<V extends object | true> {
  #key = "";
  #first: V | undefined;
  #others: Map<string, V> | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined && !this.#others?.size;
  }

  get(key: string): V | undefined {
    return this.#isFirst(key) ? this.#first : this.#others?.get(key);
  }

  set(key: string, value: V): void {
    if (this.isEmpty || this.#isFirst(key)) {
      this.#key = key;
      this.#first = value;
    } else (this.#others ??= new Map()).set(key, value);
  }

  delete(key: string): void {
    if (this.#isFirst(key)) this.#first = undefined;
    else this.#others?.delete(key);
  }

  /** As they are now, in the order of their coming. */
  values(): readonly V[] {
    const others = this.#others === undefined ? [] : [...this.#others.values()];
    return this.#first === undefined ? others : [this.#first, ...others];
  }

  #isFirst(key: string): boolean {
    return this.#first !== undefined && this.#key === key;
  }
}
