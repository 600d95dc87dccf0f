/** The only writer of a schedule's state. */
import type { Recorded } from "../../events/run-events.ts";
import { limits } from "../../limits.ts";
import type { ScheduleEventBody } from "./events.ts";
import type { ScheduleState, StartedRun } from "./state.ts";
import { initial } from "./state.ts";

type ScheduleEvent = ScheduleEventBody & Recorded;
type ScheduleEventOf<K extends ScheduleEvent["kind"]> = Extract<ScheduleEvent, { kind: K }>;

export function evolve(state: ScheduleState, event: ScheduleEvent): void {
  state.seq = event.seq;
  switch (event.kind) {
    case "schedule.put":
      return put(state, event);
    case "schedule.deleted":
      return deleted(state);
    case "schedule.paused":
      state.paused = true;
      state.pausedAt = event.at;
      if (event.by === undefined) delete state.pausedBy;
      else state.pausedBy = event.by;
      return setNote(state, event.note);
    case "schedule.resumed":
      unpause(state);
      if (state.next !== undefined && state.next <= event.at) takenThrough(state, event.at);
      setNext(state, event.next);
      return setNote(state, event.note);
    case "schedule.advanced":
      takenThrough(state, event.through);
      return setNext(state, event.next);
    case "schedule.buffered": {
      const { nominalAt, overlap, manual } = event;
      const due = { nominalAt, overlap };
      return void state.buffer.push(manual === undefined ? due : { ...due, manual });
    }
    case "schedule.started":
      return started(state, event);
    case "schedule.skipped":
      if (event.buffered === true) unbufferAny(state, event.nominalAt);
      return skipped(state, event);
    case "schedule.closed":
      return void state.running.delete(event.runId);
  }
}

/** A new spec keeps the runs, the buffer and the pause of the one before. */
function put(state: ScheduleState, { spec, next }: ScheduleEventOf<"schedule.put">): void {
  state.spec = spec;
  setNext(state, next);
  delete state.remaining;
  if (spec.remaining !== undefined) state.remaining = spec.remaining;
}

function deleted(state: ScheduleState): void {
  delete state.spec;
  delete state.remaining;
  delete state.through;
  setNext(state, undefined);
  setNote(state, undefined);
  state.running.clear();
  state.buffer.length = 0;
  state.recent.length = 0;
  unpause(state);
  delete state.skipping;
  const { starts, skips } = initial();
  Object.assign(state, { starts });
  Object.assign(state.skips, skips);
}

function unpause(state: ScheduleState): void {
  state.paused = false;
  delete state.pausedAt;
  delete state.pausedBy;
}

function skipped(state: ScheduleState, event: ScheduleEventOf<"schedule.skipped">): void {
  const { reason, count = 1, nominalAt } = event;
  state.skips[reason] += count;
  const { firstAt = nominalAt, counts = {} } = state.skipping ?? {};
  const total = (counts[reason] ?? 0) + count;
  state.skipping = { firstAt, lastAt: event.at, counts: { ...counts, [reason]: total } };
}

function started(state: ScheduleState, event: ScheduleEventOf<"schedule.started">): void {
  const { runId, nominalAt, at, buffered, manual } = event;
  if (buffered === true) unbuffer(state, nominalAt, manual);
  if (manual !== true && state.remaining !== undefined) state.remaining -= 1;
  const run: StartedRun = { runId, nominalAt, startedAt: at };
  state.running.set(runId, manual === undefined ? run : { ...run, manual });
  state.recent.push(manual === undefined ? run : { ...run, manual });
  if (state.recent.length > limits.scheduleRecentStarts) state.recent.shift();
  state.starts += 1;
  delete state.skipping;
}

/** The same time may be there twice, from the calendar and from a backfill. */
function unbuffer(state: ScheduleState, nominalAt: number, manual: boolean | undefined): boolean {
  const index = state.buffer.findIndex(
    (due) => due.nominalAt === nominalAt && due.manual === manual,
  );
  if (index !== -1) state.buffer.splice(index, 1);
  return index !== -1;
}

/** What the calendar asked for is skipped before what a person did. */
function unbufferAny(state: ScheduleState, nominalAt: number): void {
  if (!unbuffer(state, nominalAt, undefined)) unbuffer(state, nominalAt, true);
}

function takenThrough(state: ScheduleState, through: number): void {
  state.through = Math.max(state.through ?? through, through);
}

function setNext(state: ScheduleState, next: number | undefined): void {
  if (next === undefined) delete state.next;
  else state.next = next;
}

function setNote(state: ScheduleState, note: string | undefined): void {
  if (note === undefined) delete state.note;
  else state.note = note;
}
