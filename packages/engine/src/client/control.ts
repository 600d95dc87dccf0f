/** What is done to runs that exist: signal, cancel, terminate, pause, resume. */
import {
  keyStream,
  PerdureError,
  runStream,
  type KeyRef,
  type RunId,
  type StreamId,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { checkKey, checkName, checkSignal } from "./checks.ts";
import { checkRunId, type Desk } from "./desk.ts";
import { purge } from "./purge.ts";
import { keyOfStart } from "./why.ts";

type Control = Pick<
  EngineClient,
  "signal" | "cancel" | "terminate" | "pause" | "resume" | "repin" | "purge"
>;

/** `by` is who asks, for the journal. */
export function controlVerbs(desk: Desk, by?: string): Control {
  const { mail, checkOpen } = desk;
  const asker = by === undefined ? {} : { by };
  const ofRun = (runId: RunId): StreamId => {
    checkOpen();
    checkRunId(runId);
    return runStream(runId);
  };
  const ofKey = (key: KeyRef): StreamId => {
    checkOpen();
    checkKey(key);
    return keyStream(key);
  };
  return {
    async signal(target, sent) {
      checkSignal(sent);
      const signal = { ...sent, ...asker };
      if ("key" in target) {
        const stream = ofKey(target.key);
        await mail.ask(stream, (request) => ({ type: "key.signal", signal, request }));
      } else {
        const stream = ofRun(target.runId);
        await mail.ask(stream, (request) => ({ type: "run.signal", signal, request }));
      }
    },

    async cancel(target, reason) {
      const why = { ...asker, ...(reason === undefined ? {} : { reason }) };
      if ("key" in target) {
        const stream = ofKey(target.key);
        await mail.ask(stream, (request) => ({ type: "key.cancel", request, ...why }));
      } else {
        const stream = ofRun(target.runId);
        const asked = mail.ask(stream, (request) => ({ type: "run.cancel", request, ...why }));
        await asked.catch((error: unknown) => dropStart(desk, target.runId, why, error));
      }
    },

    async terminate(runId, reason) {
      const why = { ...asker, ...(reason === undefined ? {} : { reason }) };
      await mail.ask(ofRun(runId), (request) => ({ type: "run.terminate", request, ...why }));
    },

    async pause(runId, message) {
      const why = { ...asker, ...(message === undefined ? {} : { message }) };
      await mail.ask(ofRun(runId), (request) => ({ type: "run.pause", request, ...why }));
    },

    async repin(runId, version) {
      if (version !== undefined) checkName("the version", version);
      const pin = { ...asker, ...(version === undefined ? {} : { version }) };
      await mail.ask(ofRun(runId), (request) => ({ type: "run.repin", request, ...pin }));
    },

    purge: (runId) => purge(desk, runId),

    async resume(runId) {
      await mail.ask(ofRun(runId), (request) => ({ type: "run.resume", request, ...asker }));
    },
  };
}

/** A start that waits for its turn has no run to tell: its key drops it. */
async function dropStart(
  desk: Desk,
  runId: RunId,
  why: { readonly by?: string; readonly reason?: string },
  error: unknown,
): Promise<void> {
  const isUnknown = error instanceof PerdureError && error.code === "not-found";
  const key = isUnknown ? await keyOfStart(desk, runId) : undefined;
  if (key === undefined) throw error;
  await desk.mail.ask(keyStream(key), (request) => {
    return { type: "key.cancel", runId, request, ...why };
  });
}
