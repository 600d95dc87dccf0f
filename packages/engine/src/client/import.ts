/** Runs of other engines, taken over as their journals tell them. */
import {
  checkJournal,
  invariant,
  keyStream,
  limits,
  moveJournal,
  PerdureError,
  runStream,
  type Journal,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { LiveRun } from "../streams/live.ts";
import { checkNamespace } from "./checks.ts";
import type { Desk } from "./desk.ts";

export function importVerbs(desk: Desk): Pick<EngineClient, "importRun"> {
  return {
    async importRun(namespace, given) {
      desk.checkStarts();
      checkNamespace(namespace);
      const { journal, state } = checkJournal(given);
      checkTime(journal, desk.env.now());
      const { spec, events } = moveJournal(journal, namespace);
      const { runId, key, mode } = spec;
      const here = await desk.loader.get(runStream(runId));
      const isHere = here instanceof LiveRun && here.run.spec !== undefined;
      // Only an open run holds its key. One that is here holds it already, or never will.
      const holder = isHere || state.outcome || mode === "shared" ? undefined : key;
      const reply = await (holder === undefined
        ? desk.mail.ask(runStream(runId), (request) => {
            return { type: "run.import", spec, events, request };
          })
        : desk.mail.ask(keyStream(holder), (request) => {
            return { type: "key.adopt", spec, events, request };
          }));
      invariant(reply.type === "run", `an import was answered with ${reply.type}`);
      return { runId: reply.runId, existing: reply.existing };
    },
  };
}

/** A run's time never goes back: one from far ahead would stand still until then. */
function checkTime({ events }: Journal, now: number): void {
  const last = events.at(-1)?.at ?? 0;
  if (last <= now + limits.importAheadMs) return;
  const text =
    `The journal is not as it should be: its last event is ${last - now} ms ahead of this ` +
    `engine's clock. Set the clock, or wait.`;
  throw new PerdureError("invalid-argument", text);
}
