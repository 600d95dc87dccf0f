/** Draws programs: small ones most of the time, each with a few corners of the vocabulary. */
import type { FaultMix } from "../faults/mix.ts";
import type { Prng } from "../world/prng.ts";
import { errandModes } from "./place.ts";
import type { Node, Program, StepNode, TaskNode } from "./program.ts";

export const counters = ["blue", "red"] as const;
export const events = ["harvest", "storm"] as const;
export const colors = ["green", "white"] as const;

interface Draft {
  readonly id: string;
  readonly prng: Prng;
  readonly mix: FaultMix;
  readonly depth: number;
  /** Operations left to draw. */
  left: number;
  op: number;
}

export function drawProgram(prng: Prng, mix: FaultMix, id: string, depth = 0): Program {
  const draft: Draft = { id, prng, mix, depth, left: prng.between(1, depth === 0 ? 8 : 3), op: 0 };
  const nodes: Node[] = [];
  while (draft.left > 0) nodes.push(drawNode(draft, 0));
  const body: Node = { type: "seq", nodes };
  if (depth > 1 || !prng.chance(0.15)) return { id, body };
  return { id, body, next: drawProgram(prng, mix, `${id}+`, depth + 1) };
}

type Draw = (draft: Draft, nesting: number) => Node;

const leaves: readonly (readonly [weight: number, draw: Draw])[] = [
  [6, drawStep],
  [5, drawTask],
  [2, ({ prng }) => ({ type: "sleep", ms: duration(prng) })],
  [2, drawWait],
  [1, (draft) => ({ type: "promise", name: `p${nextOp(draft)}` })],
  [1, drawEventWait],
  [1, (draft) => ({ type: "publish", ...drawEvent(draft), op: nextOp(draft) })],
  [2, drawCall],
  [1, drawSend],
  [2, drawAdd],
  [1, ({ prng }) => ({ type: "peek", counter: prng.pick(counters) })],
  [1, drawTell],
  [1, drawJoin],
  [0.3, ({ prng }) => ({ type: "hush", mode: prng.pick(errandModes) })],
  [1, () => ({ type: "record" })],
  [1, ({ prng }) => ({ type: "version", change: prng.pick(["tax", "rounding"]) })],
  [1, ({ prng }) => ({ type: "show", fraction: prng.between(0, 4) / 4 })],
];

const branches: readonly (readonly [weight: number, draw: Draw])[] = [
  [2, (draft, nesting) => ({ type: "all", nodes: several(draft, nesting) })],
  [2, (draft, nesting) => ({ type: "race", nodes: several(draft, nesting) })],
  [1, (draft, nesting) => ({ type: "seq", nodes: several(draft, nesting) })],
  [2, (draft, nesting) => ({ type: "attempt", node: drawNode(draft, nesting + 1) })],
  [1, (draft, nesting) => ({ type: "shielded", node: drawNode(draft, nesting + 1) })],
  [
    1,
    (draft, nesting) => ({
      type: "cancellable",
      node: drawNode(draft, nesting + 1),
      afterMs: duration(draft.prng),
    }),
  ],
];

function drawNode(draft: Draft, nesting: number): Node {
  draft.left -= 1;
  const isBranch = nesting < 3 && draft.left > 0 && draft.prng.chance(0.3);
  if (draft.prng.chance(0.03)) return { type: "fail", code: `given-up-${nextOp(draft)}` };
  return weighted(draft.prng, isBranch ? branches : leaves)(draft, nesting);
}

function several(draft: Draft, nesting: number): Node[] {
  return Array.from({ length: draft.prng.between(2, 3) }, () => drawNode(draft, nesting + 1));
}

function weighted(prng: Prng, choices: readonly (readonly [number, Draw])[]): Draw {
  let left = prng.float() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, draw] of choices) {
    left -= weight;
    if (left < 0) return draw;
  }
  return () => ({ type: "record" });
}

function nextOp(draft: Draft): number {
  draft.op += 1;
  return draft.op;
}

/** Mostly short, sometimes long enough to outlast leases and caches. */
function duration(prng: Prng): number {
  return prng.pick([0, 1, 10, 100, 500, 2_000, 8_000]) + prng.between(0, 20);
}

function drawFailures({ prng, mix }: Draft): { failures: number; maxAttempts: number } {
  const failures = prng.chance(mix.stepFails) ? prng.between(1, 3) : 0;
  return { failures, maxAttempts: prng.chance(0.6) ? 0 : prng.between(1, 4) };
}

function drawStep(draft: Draft): StepNode {
  const { prng } = draft;
  return {
    type: "step",
    op: nextOp(draft),
    ...drawFailures(draft),
    onExhausted: prng.chance(0.2) ? "pause" : "fail",
    workMs: prng.chance(0.4) ? 0 : duration(prng) / 4,
    undo: prng.chance(0.4),
    durability: prng.pick(["sync", "sync", "sync", "async", "exit"]),
  };
}

function drawTask(draft: Draft): TaskNode {
  const { prng } = draft;
  const workMs = prng.chance(0.3) ? 0 : duration(prng) / 2;
  // A limit that no attempt can keep would never let the task end.
  const limit = (): number => Math.ceil(workMs) + prng.pick([200, 1_000, 5_000]);
  return {
    type: "task",
    op: nextOp(draft),
    ...drawFailures(draft),
    workMs,
    beats: prng.chance(0.3) ? prng.between(1, 4) : 0,
    undo: prng.chance(0.3),
    ...(prng.chance(0.1) ? { scheduleToStart: limit() } : {}),
    ...(prng.chance(0.3) ? { startToClose: limit() } : {}),
    ...(prng.chance(0.1) ? { scheduleToClose: limit() * 2 } : {}),
    ...(prng.chance(0.2) ? { heartbeat: limit() } : {}),
  };
}

function drawWait({ prng }: Draft): Node {
  const signal = prng.pick(["go", "stop"]);
  return prng.chance(0.5)
    ? { type: "wait", signal }
    : { type: "wait", signal, timeoutMs: duration(prng) };
}

function drawEvent({ prng }: Draft): { event: string; color: string } {
  return { event: prng.pick(events), color: prng.pick(colors) };
}

function drawEventWait(draft: Draft): Node {
  const { prng } = draft;
  const lookBack = prng.chance(0.5) ? { lookBackMs: duration(prng) } : {};
  return { type: "event", ...drawEvent(draft), timeoutMs: 100 + duration(prng), ...lookBack };
}

function drawCall(draft: Draft): Node {
  const { prng, mix, depth, id } = draft;
  if (depth > 1) return { type: "record" };
  const program = drawProgram(prng, mix, `${id}.${nextOp(draft)}`, depth + 1);
  return {
    type: "call",
    program,
    onParentClose: prng.pick(["terminate", "cancel", "abandon"]),
    ...(prng.chance(0.4) ? { key: program.id } : {}),
  };
}

function drawSend(draft: Draft): Node {
  const { prng, mix, depth, id } = draft;
  if (depth > 1) return { type: "record" };
  const program = drawProgram(prng, mix, `${id}.${nextOp(draft)}`, depth + 1);
  return { type: "send", program, delayMs: prng.chance(0.5) ? 0 : duration(prng) };
}

function drawAdd(draft: Draft): Node {
  const { prng } = draft;
  const counter = prng.pick(counters);
  return { type: "add", counter, op: nextOp(draft), sendOnly: prng.chance(0.2) };
}

/** The mode of a call is `single`, whoever else has the key. */
function drawJoin({ prng }: Draft): Node {
  const conflict = prng.pick(["fail", "useExisting", "useExisting"] as const);
  return { type: "join", mode: prng.pick(errandModes), conflict };
}

function drawTell(draft: Draft): Node {
  const { prng, id } = draft;
  const root = id.split(/[.+]/)[0] ?? id;
  return { type: "tell", key: root, signal: prng.pick(["go", "stop"]), op: nextOp(draft) };
}
