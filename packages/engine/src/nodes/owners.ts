/** Who has which partition, as far as this node knows: a guide for calls, never a licence. */
import type { NodeRecord } from "@perdure/store";

export interface Owners {
  /** `here`: open, or on its way to be, or refused. Undefined: nobody, or nobody that is alive. */
  ownerOf(partition: number): NodeRecord | "here" | undefined;
  isHere(partition: number): boolean;
  /** The other nodes that are alive. */
  others(): readonly NodeRecord[];
  /** Calls after any of these has changed; the result stops. */
  onChange(listener: () => void): () => void;
  /** What is known turned out to be old: the store is asked soon. */
  look(): void;
}
