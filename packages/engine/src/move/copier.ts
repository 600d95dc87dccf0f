/**
 * Copies streams, byte for byte, and lays beside them what their state says.
 *
 * C1  A stream's last events, its settling, its row and its long payloads are in one commit: a stream
 *     that has all its events at the target has all that belongs to it.
 * C2  A stream that has some of its events there goes on after the last of them.
 * C3  A stream whose source has still housekeeping to do for it arrives unsettled, so that the
 *     target's engine does it: a closed run whose row is not written, and one with nothing left in it.
 */
import { partitionOf, rowOf, type RunState, type StreamId } from "@perdure/kernel";
import type { Blob, Store } from "@perdure/store";
import { machineFor, type AnyMachine, type Machines } from "../core/machines.ts";
import { decodeWith, type Blobs } from "../streams/journal.ts";
import { settledOf } from "../streams/settled.ts";
import { ClosedRows } from "./closed-rows.ts";
import type { Freight, Parcel } from "./freight.ts";
import { piecesOf } from "./pieces.ts";

export interface CopierParts {
  readonly from: Store;
  readonly to: Store;
  readonly freight: Freight;
  readonly machines: Machines;
  /** So many more events are at the target, or in the commits on their way there. */
  readonly copied: (events: number) => void;
}

interface Folded {
  readonly stream: StreamId;
  readonly machine: AnyMachine;
  readonly state: ReturnType<AnyMachine["initial"]>;
}

export class Copier {
  readonly #parts: CopierParts;
  readonly #rows: ClosedRows;

  constructor(parts: CopierParts) {
    this.#parts = parts;
    this.#rows = new ClosedRows(parts.from);
  }

  /** `isKnown`: an earlier call has begun to copy it. */
  async copy(stream: StreamId, isKnown: boolean): Promise<void> {
    const { from, to, freight, machines, copied } = this.#parts;
    const have = isKnown ? ((await to.read(stream, 1, 1))?.seq ?? 0) : 0;
    if (have > 0 && (await this.#isWhole(stream, have))) return;
    const home = partitionOf(stream, to.partitions);
    const machine = machineFor(machines, stream);
    const folded = { stream, machine, state: machine.initial() };
    for await (const { first, events, blobs, isLast } of piecesOf(from, stream)) {
      for (const event of decodeWith(events, first, blobs)) machine.evolve(folded.state, event);
      const fresh = events.slice(Math.max(0, have + 1 - first));
      const parcel: Parcel = {
        blobs: blobsOf(stream, blobs),
        ...(fresh.length === 0
          ? {}
          : { append: { stream, from: Math.max(first, have + 1), events: fresh } }),
        ...(isLast ? await this.#rest(folded) : {}),
      };
      await freight.add(home, parcel);
      copied(fresh.length);
    }
  }

  async #isWhole(stream: StreamId, have: number): Promise<boolean> {
    const rest = await this.#parts.from.read(stream, have + 1, 1);
    return rest === undefined || rest.seq <= have;
  }

  /** C3. */
  async #rest(folded: Folded): Promise<Pick<Parcel, "row" | "settled">> {
    const { stream, machine, state } = folded;
    if (machine.isEmpty(state)) return {};
    const settled = settledOf(folded);
    if (!stream.startsWith("run/")) return { settled };
    const row = rowOf(state as RunState);
    if (row?.closedAt === undefined) return { settled, row };
    const closed = await this.#rows.find(row);
    if (closed === undefined) return {};
    const { expiresAt } = closed;
    return { settled, row: expiresAt === undefined ? row : { ...row, expiresAt } };
  }
}

function blobsOf(stream: StreamId, blobs: Blobs): Blob[] {
  const found: Blob[] = [];
  for (const [digits, data] of blobs) {
    if (data !== undefined) found.push({ hash: Buffer.from(digits, "hex"), data, stream });
  }
  return found;
}
