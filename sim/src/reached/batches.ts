/** What was in the batches that became durable together. */
import { machineOf } from "@perdure/kernel";
import type { Batch } from "@perdure/store";
import type { Marks } from "../world/marks.ts";

export function markCommit(batches: readonly Batch[], marks: Marks): void {
  if (batches.length > 1) marks.hit("commit: several partitions at once");
  for (const batch of batches) markBatch(batch, marks);
}

export function markDatabases(batches: readonly Batch[], databases: number, marks: Marks): void {
  for (const { partition, outbox } of batches) {
    const isFar = outbox.some(({ to }) => to % databases !== partition % databases);
    if (isFar) marks.hit("databases: a message to another");
  }
}

function markBatch(
  { appends, outbox, marks: applied, settle, forget, blobs }: Batch,
  marks: Marks,
) {
  if (appends.length > 1) marks.hit("commit: several streams in a batch");
  if (outbox.length > 0) marks.hit("commit: a message to another partition");
  if (applied.length > 0) marks.hit("commit: a message from another partition");
  if (blobs.length > 0) marks.hit("commit: a large payload beside its event");
  if (forget.length > 0) marks.hit("commit: a stream is forgotten");
  for (const { stream, alarm, hasWork, snapshot } of settle) {
    marks.hit(`settled: a ${machineOf(stream)}`);
    if (alarm !== undefined) marks.hit("settled: with an alarm");
    if (hasWork) marks.hit("settled: with work");
    if (snapshot !== undefined) marks.hit("settled: with a snapshot");
  }
}
