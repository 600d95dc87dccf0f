/** A wait for something that somebody else provides. */
import { isSignalled, signalNameOf } from "../events/waits.ts";
import type { KeyPromiseWait, RunWait, WaitFor } from "../events/waits.ts";
import { keyStream, runStream, topicStream } from "../ids.ts";
import { FailureCode } from "../failure.ts";
import { unsubscribe } from "../machines/run/close.ts";
import { specOf, type RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

/** A signal that came before the wait resolves it at once, the oldest first. */
export function startWait(turn: RunTurn, command: CommandOf<"wait.start">): string | undefined {
  const { key, ordinal, on, deadline } = command;
  if (on.type === "keyPromise" && specOf(turn.state).key === undefined) return noKey;
  turn.emit({
    kind: "wait.started",
    key,
    ordinal,
    on,
    ...(deadline === undefined ? {} : { deadline }),
  });
  if (!isSignalled(on)) {
    askFor(turn, key, on);
    return undefined;
  }
  const signal = turn.state.signals.get(signalNameOf(on))?.[0];
  if (signal !== undefined) turn.emit({ kind: "wait.resolved", key, signal });
  return undefined;
}

const noKey = "the code asks for a promise of its key, but this run was started without a key";

/** Tells whoever has what is waited for. Signals come by themselves. */
export function askFor(turn: RunTurn, key: string, on: WaitFor): void {
  switch (on.type) {
    case "event":
      return subscribe(turn, key, on);
    case "keyPromise":
      return askKey(turn, key, on);
    case "run":
      return askRun(turn, key, on);
    case "signal":
    case "promise":
      return;
  }
}

function subscribe(turn: RunTurn, key: string, on: Extract<WaitFor, { type: "event" }>): void {
  const { namespace, runId } = specOf(turn.state);
  turn.effect({
    type: "send",
    to: topicStream(namespace, on.name),
    message: {
      type: "topic.subscribe",
      wait: { runId, key },
      ...(on.match === undefined ? {} : { match: on.match }),
      ...(on.lookBackMs === undefined ? {} : { lookBackMs: on.lookBackMs }),
    },
  });
}

/** A fork has no key unless it was given one, and then nobody has its promises. */
function askKey(turn: RunTurn, key: string, { name, ask, payload }: KeyPromiseWait): void {
  const { runId, key: owner } = specOf(turn.state);
  if (owner === undefined) {
    const failure = { code: FailureCode.notFound, message: noKey, retryable: false };
    return turn.emit({ kind: "wait.resolved", key, failure });
  }
  const wait = { runId, key };
  const value = payload === undefined ? {} : { payload };
  turn.effect({
    type: "send",
    to: keyStream(owner),
    message: { type: "key.promise", ask, name, wait, ...value },
  });
}

function askRun(turn: RunTurn, key: string, { ask, runId: target, key: under }: RunWait): void {
  const { runId, namespace } = specOf(turn.state);
  const listener = { runId, key };
  if (under !== undefined) {
    const which = target === undefined ? {} : { runId: target };
    const message = { type: "key.attach", ask, listener, ...which } as const;
    return turn.effect({ type: "send", to: keyStream(under), message });
  }
  if (target === undefined) {
    const message = "the wait names neither a run nor a key";
    return turn.emit({
      kind: "wait.resolved",
      key,
      failure: { code: FailureCode.notFound, message },
    });
  }
  const type = ask === "peek" ? "run.peek" : "run.attach";
  turn.effect({ type: "send", to: runStream(target), message: { type, listener, namespace } });
}

export function cancelWait(turn: RunTurn, { key }: CommandOf<"wait.cancel">): void {
  const wait = turn.state.operations.get(key);
  if (wait?.type !== "wait") return;
  turn.emit({ kind: "wait.cancelled", key });
  unsubscribe(turn, wait);
}
