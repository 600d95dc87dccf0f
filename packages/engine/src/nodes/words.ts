/**
 * What nodes say to each other: one row for each word that is told, and for each verb that is
 * answered. Every body is plain data (see `PeerMessage`).
 */
import type { LendingCalls, LendingWords } from "./lending-words.ts";
import type { Parcel, Receipt } from "./parcels.ts";

/** Told, and not answered. */
export interface PeerWords extends LendingWords {
  readonly mail: Parcel;
  readonly receipt: Receipt;
}

/** Answered, or refused with an error. */
export interface PeerCalls extends LendingCalls {
  /** What is in memory of rows and settled streams is written, so that a list shows it. */
  readonly flush: { readonly body: null; readonly answer: null };
}
