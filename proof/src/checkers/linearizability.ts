/**
 * Is a history of operations on one object linearizable? The search is Wing and Gong's ("Testing
 * and verifying concurrent objects", 1993), with Lowe's memory of what was tried.
 *
 * 1. An operation takes effect at one moment between its call and its answer.
 * 2. One without an answer takes effect at any moment after its call, or never.
 * 3. Every answer is the one that the object gives at that moment.
 */
import { isDeepStrictEqual } from "node:util";
import { limits } from "./limits.ts";

export interface Operation<Input, Output> {
  readonly input: Input;
  readonly calledAt: number;
  /** Absent: nobody knows whether it took effect. What surely had none is not part of a history. */
  readonly answer?: { readonly at: number; readonly output: Output };
}

/** The object when it is asked one thing after another. A state is a value that nobody changes. */
export interface Sequential<State, Input, Output> {
  readonly initial: State;
  step(state: State, input: Input): { readonly state: State; readonly output: Output };
  /** Equal for equal states, and only for them. */
  keyOf(state: State): string;
}

/** What is wrong with the history; nothing: it is linearizable. */
export function linearizability<State, Input, Output>(
  object: Sequential<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): readonly string[] {
  if (history.length > limits.linearizableOperations) {
    const most = limits.linearizableOperations;
    throw new RangeError(`a history has at most ${most} operations, not ${history.length}`);
  }
  const search = new Search(object, history);
  return search.from(0n, object.initial, 0) ? [] : [search.explanation()];
}

class Search<State, Input, Output> {
  readonly #object: Sequential<State, Input, Output>;
  readonly #history: readonly Operation<Input, Output>[];
  /** An operation is a bit, a set of them a number. */
  readonly #bits: readonly bigint[];
  readonly #ends: readonly number[];
  readonly #answered: bigint;
  /** Operations that were placed, with the state after them: nowhere to go on from. */
  readonly #dead = new Set<string>();
  #farthest: { readonly placed: bigint; readonly depth: number; readonly state: string };

  constructor(
    object: Sequential<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
  ) {
    this.#object = object;
    this.#history = history;
    this.#bits = history.map((_, i) => 1n << BigInt(i));
    this.#ends = history.map(({ answer }) => answer?.at ?? Infinity);
    const answered = this.#bits.filter((_, i) => history[i]?.answer !== undefined);
    this.#answered = answered.reduce((set, bit) => set | bit, 0n);
    this.#farthest = { placed: 0n, depth: 0, state: object.keyOf(object.initial) };
  }

  /** May the rest follow on what is `placed`? */
  from(placed: bigint, state: State, depth: number): boolean {
    if ((placed & this.#answered) === this.#answered) return true;
    const key = this.#object.keyOf(state);
    const place = `${placed.toString(36)} ${key}`;
    if (this.#dead.has(place)) return false;
    if (this.#dead.size >= limits.linearizableStates) {
      throw new RangeError("the history has too many possible orders: make it shorter");
    }
    this.#dead.add(place);
    if (depth > this.#farthest.depth) this.#farthest = { placed, depth, state: key };
    for (const i of this.#next(placed)) {
      const { input, answer } = this.#history[i] ?? this.#missing(i);
      const after = this.#object.step(state, input);
      if (answer === undefined) {
        // Without an answer and without an effect it may as well never have been.
        if (this.#object.keyOf(after.state) === key) continue;
      } else if (!isDeepStrictEqual(after.output, answer.output)) continue;
      if (this.from(placed | (this.#bits[i] ?? 0n), after.state, depth + 1)) return true;
    }
    return false;
  }

  explanation(): string {
    const { placed, depth, state } = this.#farthest;
    const stuck = this.#next(placed).map((i) => {
      const { input, answer } = this.#history[i] ?? this.#missing(i);
      const output = answer === undefined ? "no answer" : JSON.stringify(answer.output);
      return `${JSON.stringify(input)} → ${output}`;
    });
    return `${depth} of ${this.#history.length} operations have an order; after them, in state ${state}, none of these fits: ${stuck.join("; ")}`;
  }

  /** Those that may be next: none that was called after another, still to be placed, was answered. */
  #next(placed: bigint): readonly number[] {
    const left = this.#bits.flatMap((bit, i) => ((placed & bit) === 0n ? [i] : []));
    const horizon = left.reduce((least, i) => Math.min(least, this.#ends[i] ?? Infinity), Infinity);
    return left.filter((i) => (this.#history[i]?.calledAt ?? 0) <= horizon);
  }

  #missing(i: number): never {
    throw new RangeError(`there is no operation ${i}`);
  }
}
