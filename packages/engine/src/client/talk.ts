/** Talking with a run's code: queries, and updates that are answered. */
import { limits, PerdureError, type Payload } from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import type { LiveRun } from "../streams/live.ts";
import { failureOf } from "../workers/calls.ts";
import { checkName, checkPayload, checkText } from "./checks.ts";
import { findDurableRun, findRun, runOf, type Desk } from "./desk.ts";
import { drawRunId } from "./start.ts";

export function talkVerbs(desk: Desk): Pick<EngineClient, "query" | "update"> {
  return {
    async query(target, name, input) {
      checkName("the query's name", name);
      checkPayload("the query's input", input);
      const live = await findDurableRun(desk, await runOf(desk, target));
      checkAwake(live);
      const output = await desk.calls.ask(live, { kind: "query", id: "", name, input });
      if (output !== undefined) return output;
      throw new PerdureError("query-failed", `The query "${name}" had no answer: return a value.`);
    },

    async update(target, name, input, id = drawRunId(desk.env)) {
      checkName("the update's name", name);
      checkText("the update's id", id, limits.idChars);
      checkPayload("the update's input", input);
      const live = await findRun(desk, await runOf(desk, target));
      checkAwake(live);
      const known = live.run.updates.get(id);
      if (known?.status === "done") return answer(desk, live.home, known);
      if (live.run.outcome !== undefined) {
        const text = "The run is closed and takes no updates: start a new one.";
        throw new PerdureError("already-closed", text);
      }
      const call = { kind: "update", id, name, input } as const;
      return desk.calls.ask(live, call, known?.status === "open");
    },
  };
}

/** To answer, the code of a run may have to be run up to where it stands, but not further. */
function checkAwake({ run }: LiveRun): void {
  if (run.outcome !== undefined) return;
  if (!run.begun) {
    const text = "The run has not begun: ask again when its start time has come.";
    throw new PerdureError("unavailable", text);
  }
  if (run.paused === undefined || run.through >= run.wakeSeq) return;
  const text = "The run is paused and its code has not seen everything: resume it, then ask again.";
  throw new PerdureError("unavailable", text);
}

type Done = Parameters<typeof failureOf>[0];

/** It was answered before; that answer may still be on its way to disk. */
async function answer(desk: Desk, home: number, known: Done): Promise<Payload | undefined> {
  await desk.pump.barrier(home);
  const error = failureOf(known);
  if (error) throw error;
  return known.output;
}
