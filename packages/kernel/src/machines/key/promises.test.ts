import { describe, expect, test } from "vitest";
import type { Effect } from "../../effects.ts";
import { runId, runStream, type RunId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { KeyMessage } from "../../messages.ts";
import type { Payload } from "../../payload.ts";
import { decide } from "../machine.ts";
import { keyMachine } from "./index.ts";

const id = (n: number): RunId => runId(0, 7, n.toString(16).padStart(16, "0"));
const yes: Payload = { encoding: "json", data: new Uint8Array([49]) };
const no: Payload = { encoding: "json", data: new Uint8Array([48]) };
const refused = (code: string) => ({ failure: expect.objectContaining({ code }) });

function freshKey() {
  const state = keyMachine.initial();
  const tell = (message: KeyMessage, at = 0): Effect[] =>
    decide(keyMachine, state, message, at).effects;
  const ask = (
    ask_: "value" | "peek" | "settle",
    from: number,
    name = "answer",
    payload?: Payload,
  ) => {
    const wait = { runId: id(from), key: `op:${from}` };
    const value = payload === undefined ? {} : { payload };
    return heard(tell({ type: "key.promise", ask: ask_, name, wait, ...value }));
  };
  return { state, tell, ask };
}

/** Who was told what. */
function heard(effects: readonly Effect[]) {
  return effects.map((effect) => {
    if (effect.type !== "send") throw new Error(`unexpected ${effect.type}`);
    const { type: _, ...message } = effect.message;
    return { to: effect.to, ...message };
  });
}

const told = (n: number, more: object = {}) => ({
  to: runStream(id(n)),
  key: `op:${n}`,
  ...more,
});

describe("a promise of a key", () => {
  test("is settled once, and everybody who waits hears of it, now and later", () => {
    const { ask } = freshKey();
    expect(ask("peek", 1)).toEqual([told(1)]);
    expect(ask("value", 2)).toEqual([]);
    expect(ask("value", 2)).toEqual([]);
    expect(ask("value", 3)).toEqual([]);
    expect(ask("settle", 4, "answer", yes)).toEqual([
      told(2, { payload: yes }),
      told(3, { payload: yes }),
      told(4),
    ]);
    expect(ask("settle", 5, "answer", no)).toEqual([told(5, refused("conflict"))]);
    expect(ask("value", 6)).toEqual([told(6, { payload: yes })]);
    expect(ask("peek", 7)).toEqual([told(7, { payload: yes })]);
    expect(ask("peek", 8, "another")).toEqual([told(8)]);
  });

  test("takes so many waits, and the key so many names, and refuses one more", () => {
    const { ask, state } = freshKey();
    for (let n = 0; n < limits.keyListeners; n++) expect(ask("value", n)).toEqual([]);
    expect(ask("value", 5_000)).toEqual([told(5_000, refused("limit-exceeded"))]);
    for (let n = state.promises.size; n < limits.keyPromises; n++) {
      expect(ask("settle", n, `p${n}`, yes)).toEqual([told(n)]);
    }
    expect(ask("settle", 1, "more", yes)).toEqual([told(1, refused("limit-exceeded"))]);
    expect(ask("settle", 1, "answer", yes)).toHaveLength(limits.keyListeners + 1);
  });

  test("and the state of a workflow are forgotten with its run; an object's stay", () => {
    for (const mode of ["single", "exclusive"] as const) {
      const { ask, state, tell } = freshKey();
      const key = { namespace: "default", kind: "workflow", id: "order" };
      const base = { namespace: "default", workflow: "w", queue: "q", input: yes, key };
      const spec = { ...base, runId: id(1), retentionMs: 1_000 };
      tell({ type: "key.start", spec, mode, reuse: "allow", conflict: "fail" });
      tell({ type: "key.write", name: "color", value: yes });
      ask("settle", 1, "answer", yes);
      tell({ type: "key.closed", runId: id(1), status: "completed" }, 10);
      tell({ type: "wake" }, 1_009);
      expect(state.promises.size).toBe(1);
      tell({ type: "wake" }, 1_010);
      const left = mode === "single" ? 0 : 1;
      expect([state.entries.size, state.promises.size]).toEqual([left, left]);
      expect(keyMachine.isEmpty(state)).toBe(mode === "single");
    }
  });
});

describe("a key", () => {
  const key = { namespace: "default", kind: "object:cart", id: "7" };
  const base = { namespace: "default", workflow: "w", queue: "q", input: yes, key };
  const start = (n: number): KeyMessage => ({
    type: "key.start",
    spec: { ...base, runId: id(n), requestId: `r${n}` },
    mode: "exclusive",
    reuse: "allow",
    conflict: "fail",
  });
  const listener = { runId: id(900), key: "attach:1" };
  const attach = (n?: number, ask: "outcome" | "peek" = "outcome"): KeyMessage => ({
    type: "key.attach",
    ask,
    listener,
    ...(n === undefined ? {} : { runId: id(n) }),
  });

  test("passes who wants a run's end on to it, keeps them for one that waits its turn", () => {
    const { tell, state } = freshKey();
    const nobody = { to: runStream(id(900)), key: "attach:1", ...refused("not-found") };
    expect(heard(tell(attach()))).toEqual([nobody]);
    tell(start(1));
    tell(start(2));
    expect(heard(tell(attach()))).toEqual([{ to: runStream(id(1)), listener }]);
    expect(tell(attach(1, "peek"))).toMatchObject([{ message: { type: "run.peek" } }]);
    expect(heard(tell(attach(2, "peek")))).toEqual([{ to: runStream(id(900)), key: "attach:1" }]);
    expect(heard(tell(attach(2)))).toEqual([]);
    expect(state.inbox[0]?.listeners).toEqual([listener]);
  });

  test("forgets a closed run when it is told to, and no open one", () => {
    const { tell, state } = freshKey();
    tell(start(1));
    const forget: KeyMessage = { type: "key.forget", runId: id(1), request: 1 };
    expect(tell(forget)).toMatchObject([{ reply: { type: "error", code: "conflict" } }]);
    tell({ type: "key.closed", runId: id(1), status: "completed" });
    expect(tell(forget)).toEqual([{ type: "reply", request: 1, reply: { type: "ok" } }]);
    expect(keyMachine.isEmpty(state)).toBe(true);
    expect(tell(forget)).toEqual([{ type: "reply", request: 1, reply: { type: "ok" } }]);
  });
});
