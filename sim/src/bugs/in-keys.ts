/** Bugs in what machines beside runs decide: keys, topics and schedules. */
import { keyMachine, topicMachine } from "@perdure/kernel";
import { bentDecide, bentTurn } from "./bent-machines.ts";
import { bentStore } from "./bent.ts";
import type { Bug } from "./bug.ts";

export const exclusiveTwice: Bug = {
  name: "exclusive-twice",
  harm: "two handlers have a key to themselves at the same time",
  withinSeeds: 20,
  plant: () =>
    bentDecide(keyMachine, (decide) => (turn, message) => {
      if (message.type !== "key.start" || message.mode !== "exclusive") {
        return decide(turn, message);
      }
      const { current: _, ...free } = turn.state;
      decide(bentTurn(turn, { state: free }), message);
    }),
};

export const lastFirst: Bug = {
  name: "last-first",
  harm: "whoever came last to a key is served first",
  withinSeeds: 40,
  plant: () =>
    bentDecide(keyMachine, (decide) => (turn, message) => {
      if (message.type === "key.closed") turn.state.inbox.reverse();
      decide(turn, message);
    }),
};

export const requestIgnored: Bug = {
  name: "request-ignored",
  harm: "a start that was sent again replaces the run that it had started",
  withinSeeds: 40,
  plant: () =>
    bentDecide(keyMachine, (decide) => (turn, message) => {
      if (message.type === "key.start" && message.conflict === "terminateExisting") {
        (turn.state.requests as Map<string, unknown>).clear();
      }
      decide(turn, message);
    }),
};

export const lostWrite: Bug = {
  name: "lost-write",
  harm: "what a handler wrote under its key is gone",
  withinSeeds: 60,
  plant: () => {
    let writes = 0;
    return bentDecide(keyMachine, (decide) => (turn, message) => {
      if (message.type === "key.write") writes += 1;
      if (message.type !== "key.write" || writes % 3 > 0) decide(turn, message);
    });
  },
};

export const lostSubscriber: Bug = {
  name: "lost-subscriber",
  harm: "an event passes by the run that has waited for it longest",
  withinSeeds: 200,
  plant: () =>
    bentDecide(topicMachine, (decide) => (turn, message) => {
      if (message.type !== "topic.publish") return decide(turn, message);
      const waits = new Map([...turn.state.waits].slice(1));
      decide(bentTurn(turn, { state: { ...turn.state, waits } }), message);
    }),
};

export const scheduleTwice: Bug = {
  name: "schedule-twice",
  harm: "a schedule starts the same run again after a restart",
  withinSeeds: 60,
  plant: () => {
    let restarts = 0;
    return {
      store: (store) => {
        restarts += 1;
        return bentStore(store, {});
      },
      calendar: (calendar) => ({
        ...calendar,
        next: (spec, after) => {
          const isNominal = spec.type === "interval" && after % spec.everyMs === 0;
          if (restarts < 2 || !isNominal) return calendar.next(spec, after);
          restarts = 1;
          return after;
        },
      }),
    };
  },
};
