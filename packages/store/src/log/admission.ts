/** Whether a commit can follow what is in the log, asked in full before any of it is applied. */
import type { StreamId } from "@perdure/kernel";
import type { Housekeeping } from "../codec/housekeeping.ts";
import type { Frame, FramedRecord } from "../segment/frame.ts";
import { extentOf } from "../segment/record.ts";
import type { Log } from "./log.ts";

/** Why it cannot; undefined: it can. */
export function refusal(
  log: Log,
  frames: readonly Frame[],
  bytes: Buffer,
  housekeeping: readonly Housekeeping[],
): string | undefined {
  const admission = new Admission(log, bytes);
  for (const [index, frame] of frames.entries()) {
    const reason = admission.frame(frame) ?? admission.housekeeping(housekeeping[index]);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The log as it would be after the frames so far. */
class Admission {
  readonly #log: Log;
  /** Of the segment that holds the frames. */
  readonly #bytes: Buffer;
  readonly #numbers = new Map<number, number>();
  readonly #sent = new Map<string, number>();
  readonly #seqs = new Map<StreamId, number>();

  constructor(log: Log, bytes: Buffer) {
    this.#log = log;
    this.#bytes = bytes;
  }

  frame({ partition, number, records, outbox }: Frame): string | undefined {
    const last = this.#numbers.get(partition) ?? this.#log.owners[partition]?.lastBatch ?? 0;
    if (number !== last + 1) return outOfTurn(`batch ${number} of partition ${partition}`, last);
    this.#numbers.set(partition, number);
    for (const record of records) {
      const reason = this.#record(record);
      if (reason !== undefined) return reason;
    }
    for (const { to, seq } of outbox) {
      const pair = `${partition} to ${to}`;
      const before = this.#sent.get(pair) ?? this.#log.links.lastSent(partition, to);
      if (seq !== before + 1) return outOfTurn(`message ${seq} from ${pair}`, before);
      this.#sent.set(pair, seq);
    }
    return undefined;
  }

  housekeeping(housekeeping: Housekeeping | undefined): string | undefined {
    for (const { stream, snapshot } of housekeeping?.settle ?? []) {
      const seq = this.#seq(stream);
      if (seq === 0) return `${stream} has no events and cannot be settled.`;
      if ((snapshot?.seq ?? 0) > seq) return `The snapshot of ${stream} is past its end.`;
    }
    for (const stream of housekeeping?.forget ?? []) this.#seqs.set(stream, 0);
    return undefined;
  }

  #record({ stream, at, end }: FramedRecord): string | undefined {
    const tail = this.#log.tails.get(stream);
    if (tail?.damage !== undefined) {
      return `The stream ${stream} is damaged: restore the store from a backup, or forget it.`;
    }
    const { from, count } = extentOf(this.#bytes, at, stream, end);
    const last = this.#seqs.get(stream) ?? this.#log.headAfter(tail, stream)?.seq ?? 0;
    if (from !== last + 1) return outOfTurn(`event ${from} of ${stream}`, last);
    this.#seqs.set(stream, last + count);
    return undefined;
  }

  #seq(stream: StreamId): number {
    return this.#seqs.get(stream) ?? this.#log.head(stream)?.seq ?? 0;
  }
}

function outOfTurn(what: string, last: number): string {
  return `The store cannot take ${what}: ${last + 1} is next. Open the partition again.`;
}
