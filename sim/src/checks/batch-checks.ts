/** What must hold after every batch, of the streams that it touched. */
import { isDeepStrictEqual } from "node:util";
import { explain, machineOf, work, type RunState, type Surroundings } from "@perdure/kernel";
import { decodeSnapshot, encodeSnapshot, type Settled } from "@perdure/store";
import type { ShadowRun, ShadowStream } from "./shadow.ts";

/** Nobody is asked here who serves what: the kernel must have an answer without it. */
const nobody: Surroundings = { serves: () => "nobody" };

/** Invariant 8: an open run waits for something that exists, and `why` says what. */
export function checkTouchedRun({ state, runId }: ShadowRun): string | undefined {
  if (state.outcome !== undefined || state.spec === undefined) return undefined;
  const { waiting } = explain(state, nobody, state.at);
  if (waiting.length === 0) return `${runId} is open and waits for nothing`;
  return waiting.find(({ text }) => text === "")?.on;
}

/** Invariant 6, where it meets the disk: what is kept of a settled stream is the fold of its past. */
export function checkSettled(stream: ShadowStream, settled: Settled): string | undefined {
  const { machine, state, events } = stream;
  const alarm = machine.wakeAt(state);
  if (settled.alarm !== alarm)
    return `settled with alarm ${settled.alarm}, its state says ${alarm}`;
  if (machineOf(stream.stream) === "run" && !settled.hasWork) {
    const { activation, tasks } = work(state as RunState);
    if (activation || tasks.length > 0) return "settled as idle, and it has work";
  }
  const { snapshot } = settled;
  if (snapshot === undefined) return undefined;
  if (snapshot.seq !== events.length) return undefined;
  const bytes = encodeSnapshot(state);
  // Equal bytes are equal states; the same state may also have other bytes.
  if (Buffer.compare(bytes, snapshot.data) === 0) return undefined;
  const kept = decodeSnapshot(snapshot.data);
  const folded = decodeSnapshot(bytes);
  return isDeepStrictEqual(kept, folded) ? undefined : "its snapshot is not the fold of its past";
}
