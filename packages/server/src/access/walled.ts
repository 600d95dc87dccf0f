/**
 * The wall, until the engine has it: the verbs on runs of one namespace. A run of another namespace
 * is the same not-found as a run that does not exist (trap T7).
 */
import type { EngineClient, Target } from "@perdure/engine";
import { PerdureError, type KeyRef, type RunId } from "@perdure/kernel";

export function walled(engine: EngineClient, namespace: string): EngineClient {
  const own = async (runId: RunId): Promise<void> => {
    const { spec } = await engine.describe(runId);
    if (spec.namespace === namespace) return;
    const text =
      `There is no run ${runId}: check the id with a list; a start that waits for its key's turn ` +
      `has no run yet.`;
    throw new PerdureError("not-found", text);
  };
  const inside = (key: KeyRef): KeyRef => ({ ...key, namespace });
  const target = async (to: Target): Promise<Target> => {
    if ("key" in to) return { key: inside(to.key) };
    await own(to.runId);
    return to;
  };
  return {
    ...engine,
    start: (request) =>
      engine.start({
        ...request,
        namespace,
        ...(request.key ? { key: inside(request.key) } : {}),
      }),
    signal: async (to, signal) => engine.signal(await target(to), signal),
    cancel: async (to, reason) => engine.cancel(await target(to), reason),
    terminate: async (runId, reason) => own(runId).then(() => engine.terminate(runId, reason)),
    pause: async (runId, message) => own(runId).then(() => engine.pause(runId, message)),
    resume: async (runId) => own(runId).then(() => engine.resume(runId)),
    fork: async (request) => own(request.runId).then(() => engine.fork(request)),
    outcome: async (runId) => own(runId).then(() => engine.outcome(runId)),
    query: async (to, name, input) => engine.query(await target(to), name, input),
    update: async (to, name, input, id) => engine.update(await target(to), name, input, id),
    lookup: (key) => engine.lookup(inside(key)),
    describe: async (runId) => own(runId).then(() => engine.describe(runId)),
    journal: async (runId, from, limit) =>
      own(runId).then(() => engine.journal(runId, from, limit)),
    why: async (runId) => own(runId).then(() => engine.why(runId)),
    list: (query) => engine.list({ ...query, namespace }),
    count: (query) => engine.count({ ...query, namespace }),
    publish: (_, event, body) => engine.publish(namespace, event, body),
    setTrigger: (_, event, trigger) => engine.setTrigger(namespace, event, trigger),
    removeTrigger: (_, event, id) => engine.removeTrigger(namespace, event, id),
    putSchedule: (spec) => engine.putSchedule({ ...spec, namespace }),
    deleteSchedule: (_, id) => engine.deleteSchedule(namespace, id),
    pauseSchedule: (_, id, note) => engine.pauseSchedule(namespace, id, note),
    resumeSchedule: (_, id, note) => engine.resumeSchedule(namespace, id, note),
    triggerSchedule: (_, id, overlap) => engine.triggerSchedule(namespace, id, overlap),
    backfillSchedule: (_, ...rest) => engine.backfillSchedule(namespace, ...rest),
    describeSchedule: (_, id) => engine.describeSchedule(namespace, id),
  };
}
