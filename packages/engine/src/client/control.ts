/** What is done to runs that exist: signal, cancel, terminate, pause, resume. */
import { keyStream, runStream } from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { checkKey, checkSignal } from "./checks.ts";
import { checkRunId, type Desk } from "./desk.ts";

type Control = Pick<EngineClient, "signal" | "cancel" | "terminate" | "pause" | "resume">;

export function controlVerbs({ mail, checkOpen }: Desk): Control {
  return {
    async signal(target, signal) {
      checkOpen();
      checkSignal(signal);
      if ("key" in target) {
        checkKey(target.key);
        await mail.ask(keyStream(target.key), (request) => ({
          type: "key.signal",
          signal,
          request,
        }));
      } else {
        checkRunId(target.runId);
        const stream = runStream(target.runId);
        await mail.ask(stream, (request) => ({ type: "run.signal", signal, request }));
      }
    },

    async cancel(target, reason) {
      checkOpen();
      const why = reason === undefined ? {} : { reason };
      if ("key" in target) {
        checkKey(target.key);
        await mail.ask(keyStream(target.key), (request) => ({
          type: "key.cancel",
          request,
          ...why,
        }));
      } else {
        checkRunId(target.runId);
        const stream = runStream(target.runId);
        await mail.ask(stream, (request) => ({ type: "run.cancel", request, ...why }));
      }
    },

    async terminate(runId, reason) {
      checkOpen();
      checkRunId(runId);
      const why = reason === undefined ? {} : { reason };
      await mail.ask(runStream(runId), (request) => ({ type: "run.terminate", request, ...why }));
    },

    async pause(runId, message) {
      checkOpen();
      checkRunId(runId);
      const why = message === undefined ? {} : { message };
      await mail.ask(runStream(runId), (request) => ({ type: "run.pause", request, ...why }));
    },

    async resume(runId) {
      checkOpen();
      checkRunId(runId);
      await mail.ask(runStream(runId), (request) => ({ type: "run.resume", request }));
    },
  };
}
