/** Work that waits at a node and that no worker there has room for. */
import type { Bucket } from "./bucket.ts";

export interface Demand {
  readonly kind: Bucket["kind"];
  readonly namespace: string;
  readonly queue: string;
  /** Of the workflow or the task. */
  readonly name: string;
  /** Only workers of this version may have it. */
  readonly version?: string;
  readonly count: number;
}
