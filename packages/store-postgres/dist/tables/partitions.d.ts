import { type Claim, type Seal } from "@perdure/store";
import type { Database, Row, Session } from "../database.ts";
import type { Held } from "../load.ts";
/** A new epoch for the partition: nobody else's commits are taken once the transaction is. */
export declare function takePartition(session: Session, partition: number, claim: Claim | undefined): Promise<Held>;
/**
 * What this owner has sent and had no answer to is not applied from now on, if it was not yet.
 * Undefined: the epoch is over.
 */
export declare function renewPartition(session: Session, partition: number, epoch: number): Promise<Held | undefined>;
export declare function lookAt(session: Session, partition: number): Promise<Held>;
export declare function lookAtAll(database: Database, partitions: readonly number[]): Promise<readonly Held[]>;
/** How far the partition came in an epoch; absent: in the newest. */
export declare function lastBatchOf(session: Session, partition: number, epoch: number | undefined): Promise<number>;
export declare function releasePartition(database: Database, partition: number, epoch: number): Promise<void>;
export declare function sealPartition(database: Database, partition: number, epoch: number, wanted: Seal | undefined): Promise<void>;
export declare function toHeld(row: Row): Held;
export declare function toSeal(row: Row): Seal | undefined;
//# sourceMappingURL=partitions.d.ts.map