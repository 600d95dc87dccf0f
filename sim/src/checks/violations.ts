/** What went wrong, by the number of the invariant in the kernel's design, or by a name. */
export interface Violation {
  readonly invariant: string;
  readonly text: string;
  readonly at: number;
}

export class Violations {
  readonly #now: () => number;
  readonly found: Violation[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The first one counts; what follows from it would only hide it. */
  report(invariant: string, text: string): void {
    if (this.found.length < 5) this.found.push({ invariant, text, at: this.#now() });
  }
}
