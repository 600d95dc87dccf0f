/** What an implementation brings to be put to the contract. */
import type { Store } from "../store.ts";

/** How a commit is made to go wrong. */
export type CommitFault =
  /** It is refused and answered `failed`. */
  | "abort"
  /** It is not applied and answered `unknown`. */
  | "lost"
  /** It is applied and answered `unknown`. */
  | "applied";

export interface Harness {
  /** The handle in use. */
  readonly store: Store;
  /** The process dies, another one opens the same data. `store` is then its handle. */
  reopen(): Promise<void>;
  /** A further handle on the same data while the first is in use, where the store allows it. */
  second?(): Promise<Store>;
  /** Makes the next commit of `store` go wrong. */
  failNext?(fault: CommitFault): void;
  /** Changes a byte of the stored events of the stream whose name holds this text. */
  corrupt?(name: string): Promise<void>;
  dispose(): Promise<void>;
}

export type MakeHarness = () => Promise<Harness>;

/**
 * Which of the harness's optional methods are there: the promises that need one come with it.
 * `several`: the store is several databases.
 */
export type Ability = "second" | "failNext" | "corrupt" | "several";
