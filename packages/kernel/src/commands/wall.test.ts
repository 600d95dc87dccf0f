import { expect, test } from "vitest";
import type { Outcome } from "../events/run-events.ts";
import { keyStream, runId } from "../ids.ts";
import type { RunMessage } from "../messages.ts";
import { note, RunRig } from "../machines/run/rig.test-support.ts";
import type { Command } from "./command.ts";

const other = runId(5, 5, "fedcba9876543210");
const target = { workflow: "w", input: note(0), queue: "q" };
const keyOf = (namespace: string) => ({ namespace, kind: "workflow", id: "k" });
const opens = { key: "a", ordinal: 1 };

const reaching: readonly ((namespace: string) => Command)[] = [
  (namespace) => ({
    type: "call.start",
    ...opens,
    target: { ...target, key: keyOf(namespace) },
    onParentClose: "abandon",
  }),
  (namespace) => ({
    type: "send",
    ...opens,
    message: { type: "start", target: { ...target, key: keyOf(namespace) } },
  }),
  (namespace) => ({
    type: "send",
    ...opens,
    message: { type: "signal", to: keyOf(namespace), name: "s" },
  }),
  (namespace) => ({ type: "send", ...opens, message: { type: "cancel", to: keyOf(namespace) } }),
];

test.each(reaching)("a command that names another namespace's key pauses the run (%#)", (to) => {
  const inside = new RunRig().start().answer([to("n")]);
  expect(inside.effects("send")).toMatchObject([{ to: keyStream(keyOf("n")) }]);
  const rig = new RunRig().start().answer([to("theirs"), another]);
  expect(rig.effects("send")).toEqual([]);
  expect(rig.kinds()).toEqual(["run.started", "activation.failed", "run.paused"]);
  expect(rig.events.at(-1)).toMatchObject({
    reason: "code",
    message: expect.stringContaining(`"theirs"`),
  });
});

const another = new RunRig().done("b", 2);

const outcome: Outcome = { status: "completed", output: note(1) };
const messages: readonly RunMessage[] = [
  { type: "run.signal", signal: { name: "s" }, request: 1 },
  { type: "run.cancel", request: 1 },
  { type: "run.terminate", request: 1 },
  { type: "run.attach", listener: { runId: other, key: "x" } },
  { type: "child.started", key: "a", runId: other },
  { type: "child.closed", key: "a", outcome },
];

test.each(messages)("to a run of another namespace, $type finds nobody", (message) => {
  const child = { ...target, key: keyOf("n") };
  const call: Command = { type: "call.start", ...opens, target: child, onParentClose: "abandon" };
  const busy = () => new RunRig().start().answer([call]);
  const nobody = new RunRig().tell(message);
  const foreign = busy();
  const before = foreign.events.length;
  const sent = foreign.effects("send").length;
  foreign.replies.length = 0;
  foreign.tell({ ...message, namespace: "theirs" } as RunMessage);
  expect(foreign.events).toHaveLength(before);
  expect(foreign.replies).toEqual(nobody.replies);
  const answers = foreign.effects("send").slice(sent);
  expect(answers.map(({ to }) => to)).toEqual(nobody.effects("send").map(({ to }) => to));
  const own = busy().tell({ ...message, namespace: "n" } as RunMessage);
  expect(own.events.length).toBeGreaterThan(before);
});

test("what a run says to others carries its namespace", () => {
  const parent = { runId: other, key: "p" };
  const rig = new RunRig().start({ parent }).answer([
    { type: "send", ...opens, message: { type: "signal", to: other, name: "s" } },
    { type: "send", key: "b", ordinal: 2, message: { type: "cancel", to: other } },
    { type: "call.start", key: "c", ordinal: 3, target, onParentClose: "terminate" },
    { type: "run.complete", output: note(0) },
  ]);
  const told = rig.effects("send").filter(({ message }) => message.type !== "run.start");
  expect(told.map(({ message }) => message.type)).toEqual([
    "run.signal",
    "run.cancel",
    "run.terminate",
    "child.closed",
  ]);
  for (const { message } of told) expect(message).toMatchObject({ namespace: "n" });
});
