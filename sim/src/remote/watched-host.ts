/**
 * An engine that hands out work under the eyes of the watch: what workers elsewhere are registered
 * with, so that whatever lies between it and them is the code under test.
 */
import type { Worker, WorkerHost, WorkerSession } from "@perdure/engine";
import { bentWorker } from "../bugs/bent.ts";
import type { LinkHooks } from "../cluster/worker-link.ts";

export interface WatchedHostParts {
  readonly host: WorkerHost;
  readonly hooksFor: (worker: string) => LinkHooks;
  /** Puts a planted bug around the worker. */
  readonly bend: (worker: Worker) => Worker;
}

export function watchedHost({ host, hooksFor, bend }: WatchedHostParts): WorkerHost {
  return {
    register: (worker, options) => {
      const hooks = hooksFor(worker.id);
      return watchedSession(host.register(watchedWorker(bend(worker), hooks), options), hooks);
    },
  };
}

function watchedWorker(worker: Worker, hooks: LinkHooks): Worker {
  return bentWorker(worker, {
    activate: (activation) => {
      hooks.onEvents(activation.runId, activation.events);
      hooks.onHold(activation);
      worker.activate(activation);
    },
    deliver: (runId, lease, events) => {
      hooks.onEvents(runId, events);
      worker.deliver(runId, lease, events);
    },
    evict: (runId, lease) => {
      hooks.onHoldOver(runId, lease);
      worker.evict(runId, lease);
    },
    runTask: (task) => {
      hooks.onTask(task);
      worker.runTask(task);
    },
  });
}

function watchedSession(session: WorkerSession, hooks: LinkHooks): WorkerSession {
  return {
    answer: (...given) => session.answer(...given),
    beat: (token, details) => session.beat(token, details),
    result: async (token, result) => {
      await session.result(token, result);
      hooks.onSettled(token);
    },
    release: (runId, lease) => session.release(runId, lease),
    abandon: (token) => session.abandon(token),
    alive: () => session.alive(),
    drain: () => session.drain(),
    close: () => session.close(),
  };
}
