/** Something that can happen next. */
import type { Actor } from "./actor.ts";

export interface Offer {
  /** What, to whom: the same in every execution that comes to this state. */
  readonly name: string;
  /** Whom it happens to; absent: the disk, or everybody. */
  readonly actor?: Actor;
  /** Of the content that comes with it. */
  readonly digest?: string;
  readonly run: () => void;
}
