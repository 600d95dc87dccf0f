/** Many commits, one transaction, one row in the log. */
import { machineOf, runStream, type StreamId } from "@perdure/kernel";
import {
  decodeFrames,
  type CommitResult,
  type Frame,
  unpackHousekeeping,
  type Housekeeping,
} from "@perdure/store";
import { refusal } from "@perdure/store/log";
import type { Open, StoreFile } from "./file.ts";
import type { WriteFault } from "./options.ts";
import { positionOf } from "./position.ts";
import { keepUp } from "./upkeep.ts";
import type { WireCommit } from "./wire.ts";

/** One result for each commit, in order. A call's batches stand and fall together (S1). */
export function commitGroup(
  file: StoreFile,
  commits: readonly WireCommit[],
  fault: WriteFault,
): readonly CommitResult[] {
  const results: (CommitResult | undefined)[] = [];
  const ended = file.transaction((open) => {
    keepUp(open, file);
    const accepted: Buffer[] = [];
    const segment = open.lastSegment + 1;
    let frame = 0;
    for (const commit of commits) {
      const bytes = bufferOf(commit.segment);
      const frames = decodeFrames(bytes);
      const housekeeping =
        commit.housekeeping === undefined ? [] : unpackHousekeeping(commit.housekeeping);
      const verdict = judge(open, frames, bytes, housekeeping);
      results.push(verdict);
      if (verdict !== undefined) continue;
      if (accepted.length === 0) open.log.uses.add(segment);
      open.log.uses.grow(segment, bytes.length);
      for (const [index, part] of frames.entries()) {
        open.log.take(part, bytes, segment);
        keepHouse(open, part.partition, housekeeping[index], positionOf(segment, frame++));
      }
      accepted.push(bytes);
    }
    if (accepted.length === 0) return;
    const [only] = accepted;
    open.append.run(segment, accepted.length === 1 && only ? only : Buffer.concat(accepted));
    open.lastSegment = segment;
    open.log.uses.release(segment);
  }, fault);
  return results.map((verdict) => verdict ?? answer(ended));
}

function answer(ended: ReturnType<StoreFile["transaction"]>): CommitResult {
  return ended.type === "done" ? { type: "done" } : { type: ended.type, reason: ended.reason };
}

/** Undefined: it may be applied. */
function judge(
  { log }: Open,
  frames: readonly Frame[],
  bytes: Buffer,
  housekeeping: readonly Housekeeping[],
): CommitResult | undefined {
  const fenced = log.fencedBy(frames);
  if (fenced !== undefined) return { type: "fenced", partition: fenced };
  const reason = refusal(log, frames, bytes, housekeeping);
  return reason === undefined ? undefined : { type: "failed", reason };
}

function keepHouse(
  open: Open,
  partition: number,
  housekeeping: Housekeeping | undefined,
  position: number,
): void {
  if (housekeeping === undefined) return;
  for (const blob of housekeeping.blobs) open.blobs.put(blob);
  for (const rest of housekeeping.settle) {
    const tail = open.log.release(rest.stream);
    open.streams.gather(rest.stream, partition, tail, position, rest);
  }
  for (const row of housekeeping.index) {
    const stream = runStream(row.runId);
    if (open.log.tails.has(stream)) open.runs.add(stream, row);
    else open.runs.put(stream, row);
  }
  for (const { stream } of housekeeping.settle) {
    open.runs.writeOf(stream);
  }
  for (const stream of housekeeping.forget) forgetStream(open, stream, position);
}

/** With its row, blobs and snapshot; `position` is where the log stands. */
export function forgetStream(open: Open, stream: StreamId, position: number): void {
  const tail = open.log.release(stream);
  if (tail !== undefined || open.streams.row(stream) !== undefined) {
    open.streams.forget(stream, position);
  }
  open.blobs.forget(stream);
  if (machineOf(stream) === "run") open.runs.forget(stream);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
