/** Talking with a run's code: queries, and updates that are answered. */
import { checkName, checkPayload, checkRunId, checkText, type EngineClient } from "@perdure/engine";
import { limits } from "@perdure/kernel";
import { toJson } from "@perdure/wire";
import { answers } from "./answers.ts";
import { isKeyed, keyOnWire, type Desk } from "./desk.ts";
import { remoteLimits } from "./limits.ts";

export function talkVerbs(desk: Desk): Pick<EngineClient, "query" | "update"> {
  const { caller, watches, newId } = desk;
  return {
    async query(target, name, input) {
      checkName("the query's name", name);
      checkPayload("the query's input", input);
      const asking = { answer: answers.output, repeat: "any", isAboutRun: true } as const;
      const body = { name, input };
      if (isKeyed(target)) {
        const keyed = toJson({ key: keyOnWire(desk, target.key), ...body });
        return (await caller.call("keys.query", { params: {}, body: keyed, ...asking })).output;
      }
      const params = { runId: target.runId };
      checkRunId(target.runId);
      return (await caller.call("runs.query", { params, body: toJson(body), ...asking })).output;
    },

    async update(target, name, input, id = newId()) {
      checkName("the update's name", name);
      checkText("the update's id", id, limits.idChars);
      checkPayload("the update's input", input);
      await watches.begun();
      const asking = {
        answer: answers.maybeOutput,
        // The id is in the journal once it is accepted: whoever repeats it joins it.
        repeat: "any",
        isAboutRun: true,
        isLong: true,
        attemptMs: remoteLimits.pollMs,
        lane: "wait",
      } as const;
      const body = { name, input, id };
      if (isKeyed(target)) {
        const keyed = toJson({ key: keyOnWire(desk, target.key), ...body });
        return (await caller.call("keys.update", { params: {}, body: keyed, ...asking })).output;
      }
      const params = { runId: target.runId };
      checkRunId(target.runId);
      return (await caller.call("runs.update", { params, body: toJson(body), ...asking })).output;
    },
  };
}
