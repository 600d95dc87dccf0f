/** `keys.*`: the verbs of `runs.*` on whatever run a business key leads to. */
import type { KeyRef } from "@perdure/kernel";
import { jsonRoute, silentRoute, type Asked, type Route } from "../http/route.ts";
import * as take from "./schemas/keys.ts";
import * as give from "./schemas/run-answers.ts";
import type { WallessKey } from "./schemas/runs.ts";

function inside({ caller }: Asked, { kind, id }: WallessKey): KeyRef {
  return { namespace: caller.namespace, kind, id };
}

const key = { kind: "workflow", id: "order-7" };

export const keyRoutes: readonly Route[] = [
  jsonRoute({
    operation: "keys.lookup",
    summary: "The current run under a key, if there is one",
    query: take.keyQuery,
    example: key,
    answer: give.maybeRun,
    handle: async (ask) => {
      const runId = await ask.engine.lookup(inside(ask, ask.query));
      return runId === undefined ? {} : { runId };
    },
  }),
  jsonRoute({
    operation: "keys.why",
    summary: "Who holds a key, and what that run waits for",
    query: take.keyQuery,
    example: key,
    answer: give.explanation,
    handle: async (ask) => ask.engine.whyKey(inside(ask, ask.query)),
  }),
  silentRoute({
    operation: "keys.signal",
    summary: "Sends the current run under a key a message",
    body: take.keySignal,
    example: { key, name: "approval", payload: { value: true } },
    handle: async (ask) => {
      const { key: to, ...signal } = ask.body;
      return ask.engine.signal({ key: inside(ask, to) }, signal);
    },
  }),
  silentRoute({
    operation: "keys.cancel",
    summary: "Asks the current run under a key to end",
    body: take.keyReason,
    example: { key, reason: "ordered twice" },
    handle: async (ask) => {
      return ask.engine.cancel({ key: inside(ask, ask.body.key) }, ask.body.reason);
    },
  }),
  jsonRoute({
    operation: "keys.query",
    summary: "Asks the code of the current run under a key a question",
    body: take.keyAsk,
    example: { key, name: "progress", input: { value: null } },
    answer: give.output,
    handle: async (ask) => {
      const { key: to, name, input } = ask.body;
      return { output: await ask.engine.query({ key: inside(ask, to) }, name, input) };
    },
  }),
  jsonRoute({
    operation: "keys.update",
    summary: "Asks the code of the current run under a key for a change",
    body: take.keyUpdate,
    example: { key, name: "add", input: { value: "book" }, id: "add-1" },
    answer: give.maybeOutput,
    handle: async (ask) => {
      const { key: to, name, input, id } = ask.body;
      const output = await ask.engine.update({ key: inside(ask, to) }, name, input, id);
      return output === undefined ? {} : { output };
    },
  }),
];
