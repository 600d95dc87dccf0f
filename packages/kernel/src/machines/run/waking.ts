import type { RunEventBody, RunEventKind } from "../../events/run-events.ts";

/**
 * Events that the code has to see: each may let it go on. The others only record what the code
 * itself asked for, or concern the engine alone. Workers apply these one at a time, in journal
 * order, and let the code come to rest in between; that is what makes a replay take the same turns.
 */
const waking: Readonly<Record<RunEventKind, boolean>> = {
  "run.started": true,
  "run.completed": false,
  "run.failed": false,
  "run.cancelRequested": true,
  "run.cancelled": false,
  "run.terminated": false,
  "run.timedOut": false,
  "run.continued": false,
  "run.paused": false,
  "run.resumed": true,
  "run.forked": true,
  "run.attached": false,
  "activation.scheduled": true,
  "activation.completed": false,
  "activation.failed": false,
  "activation.pinned": false,
  "step.scheduled": false,
  "step.rescheduled": false,
  "step.started": true,
  "step.heartbeat": false,
  "step.completed": true,
  "step.failed": false,
  "step.abandoned": true,
  "step.cancelRequested": false,
  "step.cancelled": true,
  "timer.started": false,
  "timer.fired": true,
  "timer.cancelled": false,
  "wait.started": false,
  "wait.resolved": true,
  "wait.timedOut": true,
  "wait.cancelled": false,
  "signal.received": true,
  "update.accepted": true,
  "update.completed": false,
  "call.scheduled": false,
  "call.started": true,
  "call.closed": true,
  "message.sent": false,
  "state.written": false,
  "state.cleared": false,
  "attributes.upserted": false,
  "value.recorded": true,
};

export function isWaking(event: RunEventBody): boolean {
  // A worker's claim of a remote step concerns the code no more than a heartbeat does.
  if (event.kind === "step.started") return event.worker === undefined;
  return waking[event.kind];
}
