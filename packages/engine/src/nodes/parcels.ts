/** Messages between partitions of different nodes, as they travel. */
import type { ErrorData, Reply, RequestId } from "@perdure/kernel";

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

/** To a caller of the node whose message was applied here; one of the two. */
export interface FarReply {
  readonly request: RequestId;
  readonly reply?: Reply;
  readonly error?: ErrorData;
}
