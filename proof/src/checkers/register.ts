/** A register of one whole number: the object that cluster and checker agree on. It begins at 0. */
import type { Sequential } from "./linearizability.ts";

export type RegisterInput =
  | { readonly type: "read" }
  | { readonly type: "write"; readonly value: number }
  /** Writes `to` where it stands at `from`; answers whether it did. */
  | { readonly type: "swap"; readonly from: number; readonly to: number };

export type RegisterOutput = number | boolean | null;

export const register: Sequential<number, RegisterInput, RegisterOutput> = {
  initial: 0,
  step: (state, input) => {
    switch (input.type) {
      case "read":
        return { state, output: state };
      case "write":
        return { state: input.value, output: null };
      case "swap":
        return state === input.from ? { state: input.to, output: true } : { state, output: false };
    }
  },
  keyOf: String,
};
