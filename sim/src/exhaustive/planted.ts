/** A planted bug that a lost answer to a client shows, and nothing else. */
import { keyMachine } from "@perdure/kernel";
import type { Bug } from "../bugs/bug.ts";

export const noStartDedupe: Bug = {
  name: "no-start-dedupe",
  harm: "a start that was asked for again, because its answer was lost, is a second run",
  withinSeeds: 0,
  plant: () => {
    const original = { ...keyMachine };
    keyMachine.decide = (turn, message) => {
      if (message.type === "key.start") turn.state.requests.clear();
      original.decide(turn, message);
    };
    return { remove: () => void Object.assign(keyMachine, original) };
  },
};
