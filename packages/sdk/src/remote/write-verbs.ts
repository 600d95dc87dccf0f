/**
 * Starting runs, and what is done to those that exist. A start and a signal that nobody gave an id
 * get one here, so that they can be repeated when an answer is lost.
 */
import { checkRunId, checkSignal, checkStart, type EngineClient } from "@perdure/engine";
import type { RunId } from "@perdure/kernel";
import {
  errorFromJson,
  journalToLine,
  toJson,
  type Operation,
  type PathParams,
} from "@perdure/wire";
import { answers, type Reader } from "./answers.ts";
import type { Repeat } from "./caller.ts";
import { checkWall, isKeyed, keyOnWire, requestIdFor, type Desk } from "./desk.ts";

interface Writing<T> {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly answer: Reader<T>;
  readonly repeat: Repeat;
}

/** Writes wait until every watch that was asked for before knows where it begins. */
export async function write<O extends Operation, T>(
  { caller, watches }: Desk,
  operation: O,
  params: PathParams<O>,
  { body, ...rest }: Writing<T>,
): Promise<T> {
  await watches.begun();
  return caller.call(operation, { params, ...rest, ...(body ? { body: toJson(body) } : {}) });
}

type Starts = Pick<EngineClient, "start" | "fork" | "importRun">;

export function startVerbs(desk: Desk): Starts {
  return {
    async start(request) {
      checkStart(request);
      const { namespace, key, requestId = requestIdFor(desk, request), ...rest } = request;
      checkWall(desk, namespace);
      const wireKey = key && keyOnWire(desk, key);
      const body = { ...rest, ...(wireKey ? { key: wireKey } : {}), requestId };
      const repeat = request.requestId === undefined ? "here" : "any";
      const writing = { body, answer: answers.started, repeat } as const;
      const started = await write(desk, "runs.start", {}, writing);
      if (wireKey && rest.mode === "exclusive") desk.outcomes.startedUnder(wireKey, started.runId);
      return started;
    },

    async fork({ runId, key, ...rest }) {
      checkRunId(runId);
      const own = key === undefined ? {} : { key: keyOnWire(desk, key) };
      const body = { ...rest, ...own };
      return write(desk, "runs.fork", { runId }, { body, answer: answers.started, repeat: "once" });
    },

    /** A second time finds the first one's run, so it may be repeated. */
    async importRun(namespace, journal) {
      checkWall(desk, namespace);
      const line = journalToLine(journal);
      const { imported, failed } = await desk.caller.call("transfer.import", {
        params: {},
        line,
        answer: answers.imported,
        repeat: "any",
      });
      const [failure] = failed;
      const error = failure && errorFromJson({ error: failure.error });
      if (error !== undefined) throw error;
      return { runId: journal.spec.runId, existing: imported === 0 };
    },
  };
}

type Control = Pick<
  EngineClient,
  "signal" | "cancel" | "terminate" | "pause" | "resume" | "repin" | "purge"
>;

export function controlVerbs(desk: Desk): Control {
  /** Each asks for a state: asking twice is asking once. */
  const ask = (
    operation: `runs.${"cancel" | "terminate" | "pause" | "resume" | "repin" | "purge"}`,
    runId: RunId,
    body: object,
  ): Promise<void> => {
    checkRunId(runId);
    return write(desk, operation, { runId }, { body, answer: answers.none, repeat: "any" });
  };
  return {
    async signal(target, signal) {
      checkSignal(signal);
      const { by: _, id = desk.newId(), ...rest } = signal;
      const repeat = signal.id === undefined ? "here" : "any";
      const body = { ...rest, id };
      const writing = { answer: answers.none, repeat } as const;
      if (isKeyed(target)) {
        const keyed = { key: keyOnWire(desk, target.key), ...body };
        return write(desk, "keys.signal", {}, { body: keyed, ...writing });
      }
      const { runId } = target;
      checkRunId(runId);
      return write(desk, "runs.signal", { runId }, { body, ...writing });
    },

    async cancel(target, reason) {
      if (!isKeyed(target)) return ask("runs.cancel", target.runId, { reason });
      const body = { key: keyOnWire(desk, target.key), reason };
      return write(desk, "keys.cancel", {}, { body, answer: answers.none, repeat: "any" });
    },

    terminate: async (runId, reason) => ask("runs.terminate", runId, { reason }),
    pause: async (runId, message) => ask("runs.pause", runId, { message }),
    repin: async (runId, version) => ask("runs.repin", runId, { version }),
    resume: async (runId) => ask("runs.resume", runId, {}),
    purge: async (runId) => ask("runs.purge", runId, {}),
  };
}
