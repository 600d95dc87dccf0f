/** Planted bugs that only some faults of a small world can show, so that each fault has its own. */
import { keyMachine } from "@perdure/kernel";
import { bentDecide } from "../bugs/bent-machines.ts";
import { bentHost, bentStore } from "../bugs/bent.ts";
import type { Bug } from "../bugs/bug.ts";

/** They are hunted in every schedule of a world, not in seeds. */
const withinSeeds = 0;

export const noStartDedupe: Bug = {
  name: "no-start-dedupe",
  harm: "a start that was asked for again, because its answer was lost, is a second run",
  withinSeeds,
  plant: () =>
    bentDecide(keyMachine, (decide) => (turn, message) => {
      if (message.type === "key.start") turn.state.requests.clear();
      decide(turn, message);
    }),
};

export const deafToCuts: Bug = {
  name: "deaf-to-cuts",
  harm: "a run stays with a worker whose connection is gone",
  withinSeeds,
  plant: () => ({
    host: (host) =>
      bentHost(host, (worker, options) => ({
        ...host.register(worker, options),
        close: () => undefined,
      })),
  }),
};

export const leaseForEver: Bug = {
  name: "lease-for-ever",
  harm: "a run stays with a worker that is silent for ever",
  withinSeeds,
  plant: () => ({
    host: (host) =>
      bentHost(host, (worker, options) => host.register(worker, { ...options, leaseMs: 0 })),
  }),
};

export const outcomeUnheard: Bug = {
  name: "outcome-unheard",
  harm: "after one lost answer of the store nothing more is released",
  withinSeeds,
  plant: () => ({
    store: (store) =>
      bentStore(store, { outcome: () => Promise.withResolvers<"applied">().promise }),
  }),
};
