/** Messages between partitions of different nodes, as they travel. */

/** Durable messages of one partition to another, from number `first` on. */
export interface Parcel {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  /** Encoded as in the store. */
  readonly messages: readonly Uint8Array[];
}

/** What partition `to` has applied of `from`, for good. */
export interface Receipt {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
}
