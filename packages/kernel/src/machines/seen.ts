/**
 * A machine's state as `decide` sees it. The machine owns its state and `evolve` writes to it;
 * everybody else has this view, where the compiler refuses to.
 */
import type { Turn } from "./machine.ts";

type SeenField<T> =
  T extends Map<infer K, infer V>
    ? ReadonlyMap<K, V>
    : T extends Set<infer E>
      ? ReadonlySet<E>
      : T extends (infer E)[]
        ? readonly E[]
        : T;

export type Seen<State> = { readonly [F in keyof State]: SeenField<State[F]> };

export type SeenTurn<State, Body> = Turn<Seen<State>, Body>;
