/**
 * What nodes say to each other: one row for each word that is told, and for each verb that is
 * answered. Every body is plain data (see `PeerMessage`).
 */
import type { Asked, LongAnswer } from "./asking.ts";
import type { LendingCalls, LendingWords } from "./lending-words.ts";
import type { FarReply, Parcel, Receipt } from "./parcels.ts";

/** Told, and not answered. */
export interface PeerWords extends LendingWords {
  readonly mail: Parcel;
  readonly receipt: Receipt;
  /** To a caller whose message went on to another node. */
  readonly reply: FarReply;
}

/** Answered, or refused with an error. */
export interface PeerCalls extends LendingCalls {
  /** A verb, carried out by the node that is asked. */
  readonly ask: { readonly body: Asked; readonly answer: unknown };
  /** One that may take long. */
  readonly wait: { readonly body: Asked; readonly answer: LongAnswer };
}
