/** Bugs between the engine and its workers. */
import type { Lease, WorkerSession } from "@perdure/engine";
import { isWaking, type RunEvent, type RunId } from "@perdure/kernel";
import { bentHost, bentWorker } from "./bent.ts";
import type { Bug } from "./bug.ts";

type Answer = WorkerSession["answer"];

export const staleLease: Bug = {
  name: "stale-lease",
  harm: "a worker that has lost a run still writes to it",
  withinSeeds: 200,
  plant: () => {
    const holders = new Map<RunId, { readonly answer: Answer; readonly lease: Lease }>();
    return {
      host: (host) =>
        bentHost(host, (worker, options) => {
          const opened: { session?: WorkerSession } = {};
          const tracked = bentWorker(worker, {
            activate: (activation) => {
              const { runId, lease } = activation;
              holders.set(runId, { answer: (...given) => opened.session?.answer(...given), lease });
              worker.activate(activation);
            },
          });
          const open = host.register(tracked, options);
          opened.session = open;
          return {
            ...open,
            answer: (runId, lease, answer) => {
              const now = holders.get(runId);
              if (now) now.answer(runId, now.lease, answer);
              else open.answer(runId, lease, answer);
            },
          };
        }),
    };
  },
};

export const replayOrder: Bug = {
  name: "replay-order",
  harm: "code is replayed with what happened in another order",
  withinSeeds: 60,
  plant: () => ({
    worker: (worker) =>
      bentWorker(worker, {
        activate: (activation) =>
          worker.activate({ ...activation, events: swapped(activation.events) }),
      }),
  }),
};

/** The last two things that the code has to see change places. */
function swapped(events: readonly RunEvent[]): RunEvent[] {
  const order = [...events];
  const waking = order.flatMap((event, i) => (isWaking(event) && event.seq > 1 ? [i] : []));
  const [second, last] = waking.slice(-2);
  const [a, b] = [order[second ?? 0], order[last ?? 0]];
  if (second === undefined || last === undefined || a === undefined || b === undefined)
    return order;
  order[second] = b;
  order[last] = a;
  return order;
}

export const maybeRanNever: Bug = {
  name: "maybe-ran-never",
  harm: "a step that may have run before is not told so",
  withinSeeds: 20,
  plant: () => ({
    worker: (worker) =>
      bentWorker(worker, {
        activate: (activation) => worker.activate({ ...activation, lostAt: 0 }),
        runTask: (task) => worker.runTask({ ...task, maybeRan: false }),
      }),
  }),
};

export const maybeRanUnsaid: Bug = {
  name: "maybe-ran-unsaid",
  harm: "the journal does not say that a step may have run twice",
  withinSeeds: 40,
  plant: () => ({
    host: (host) =>
      bentHost(host, (worker, options) => {
        const session = host.register(worker, options);
        return {
          ...session,
          answer: (runId, lease, answer) => {
            const commands = answer.commands.map((command) => ({ ...command, maybeRan: false }));
            session.answer(runId, lease, { ...answer, commands });
          },
        };
      }),
  }),
};

export const lostDelivery: Bug = {
  name: "lost-delivery",
  harm: "a worker never hears of something that happened to its run",
  withinSeeds: 20,
  plant: () => {
    let deliveries = 0;
    return {
      worker: (worker) =>
        bentWorker(worker, {
          deliver: (runId, lease, events) => {
            deliveries += 1;
            if (deliveries % 20 > 0) worker.deliver(runId, lease, events);
          },
        }),
    };
  },
};
