/**
 * What is left of a value that has been to the journal and back: dates are text, functions are
 * gone, class instances are plain objects. The type of every result says so, so that a first
 * execution cannot promise what a replay does not keep.
 */
export type Stored<T> =
  IsAny<T> extends true
    ? T
    : T extends string | number | boolean | null | undefined | void
      ? T
      : T extends { toJSON(...args: never): infer Json }
        ? Stored<Json>
        : T extends bigint | symbol | Callable
          ? never
          : T extends readonly unknown[]
            ? { [I in keyof T]: Stored<T[I]> }
            : T extends object
              ? {
                  [K in keyof T as T[K] extends Callable ? never : Exclude<K, symbol>]: Stored<
                    T[K]
                  >;
                }
              : T;

type Callable = (...args: never) => unknown;
type IsAny<T> = 0 extends 1 & T ? true : false;
