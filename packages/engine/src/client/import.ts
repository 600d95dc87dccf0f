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
  type KeyRef,
  type RunEvent,
  type RunSpec,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { LiveRun } from "../streams/live.ts";
import { checkNamespace } from "./checks.ts";
import { lookAnywhere, type Desk } from "./desk.ts";

export function importVerbs(desk: Desk): Pick<EngineClient, "importRun"> {
  return {
    async importRun(namespace, given) {
      desk.checkStarts();
      checkNamespace(namespace);
      const { spec, events, isOpen } = arrivalOf(namespace, given);
      checkTime(events, desk.env.now());
      const { runId } = spec;
      const here = await lookAnywhere(desk, runStream(runId));
      const isHere = here instanceof LiveRun && here.run.spec !== undefined;
      const holder = isHere ? undefined : holderOf(spec, isOpen);
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

/** The journal, checked, as it is to be in this namespace. */
export function arrivalOf(
  namespace: string,
  given: Journal,
): Journal & { readonly isOpen: boolean } {
  const { journal, state } = checkJournal(given);
  return { ...moveJournal(journal, namespace), isOpen: state.outcome === undefined };
}

/** Only an open run holds its key. One that is here holds it already, or never will. */
export function holderOf({ key, mode }: RunSpec, isOpen: boolean): KeyRef | undefined {
  return isOpen && mode !== "shared" ? key : undefined;
}

/** A run's time never goes back: one from far ahead would stand still until then. */
function checkTime(events: readonly RunEvent[], now: number): void {
  const last = events.at(-1)?.at ?? 0;
  if (last <= now + limits.importAheadMs) return;
  const text =
    `The journal is not as it should be: its last event is ${last - now} ms ahead of this ` +
    `engine's clock. Set the clock, or wait.`;
  throw new PerdureError("invalid-argument", text);
}
