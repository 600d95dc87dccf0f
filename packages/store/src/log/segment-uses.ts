/**
 * Which segments of the log are still needed, and by how much: one use for each stream that has
 * events in it and is not gathered, and for each message in it that was not delivered.
 *
 * 1. A segment without uses is free, and is never used again.
 */
export class SegmentUses {
  readonly #segments = new Map<number, { uses: number; bytes: number }>();
  #free: number[] = [];
  #bytes = 0;

  /** A new segment, which its writer uses until it calls `release`. */
  add(id: number): void {
    this.#segments.set(id, { uses: 1, bytes: 0 });
  }

  grow(id: number, bytes: number): void {
    const segment = this.#segments.get(id);
    if (segment === undefined) return;
    segment.bytes += bytes;
    this.#bytes += bytes;
  }

  retain(id: number): void {
    const segment = this.#segments.get(id);
    if (segment !== undefined) segment.uses += 1;
  }

  release(id: number): void {
    const segment = this.#segments.get(id);
    if (segment === undefined) return;
    segment.uses -= 1;
    if (segment.uses > 0) return;
    this.#segments.delete(id);
    this.#bytes -= segment.bytes;
    this.#free.push(id);
  }

  /** The free segments, to be deleted now; but the newest, where its number must not be used again. */
  takeFree(newest?: number): readonly number[] {
    const free = this.#free.filter((id) => id !== newest);
    this.#free = this.#free.filter((id) => id === newest);
    return free;
  }

  get free(): number {
    return this.#free.length;
  }

  get count(): number {
    return this.#segments.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Segments are added in order, so the first is the oldest. */
  get oldest(): number | undefined {
    return this.#segments.keys().next().value;
  }
}
