/** Programs that are a little smaller than a given one, those that are much smaller first. */
import type { Node, Program } from "../programs/program.ts";

const nothing: Node = { type: "seq", nodes: [] };

export function* smallerPrograms(program: Program): Generator<Program> {
  const { next, ...alone } = program;
  if (next !== undefined) yield alone;
  for (const body of smaller(program.body)) yield { ...program, body };
  if (next === undefined) return;
  for (const smallerNext of smallerPrograms(next)) yield { ...program, next: smallerNext };
}

export function countNodes(program: Program): number {
  const own = sizeOf(program.body);
  return program.next === undefined ? own : own + countNodes(program.next);
}

function sizeOf(node: Node): number {
  return 1 + within(node).reduce((sum, inner) => sum + sizeOf(inner), 0);
}

function within(node: Node): readonly Node[] {
  if ("nodes" in node) return node.nodes;
  if ("node" in node) return [node.node];
  if ("program" in node) return [node.program.body];
  return [];
}

function* smaller(node: Node): Generator<Node> {
  if (sizeOf(node) > 1) yield nothing;
  switch (node.type) {
    case "seq":
    case "all":
    case "race":
      yield* fewer(node);
      break;
    case "attempt":
    case "shielded":
    case "cancellable":
      yield node.node;
      for (const inner of smaller(node.node)) yield { ...node, node: inner };
      break;
    case "call":
    case "send":
      for (const program of smallerPrograms(node.program)) yield { ...node, program };
      break;
    case "step":
    case "task":
      yield* plainer(node);
      break;
    case "sleep":
      if (node.ms > 0) yield { ...node, ms: 0 };
      break;
    default:
  }
}

function* fewer(node: Extract<Node, { nodes: readonly Node[] }>): Generator<Node> {
  const { nodes } = node;
  const [only] = nodes;
  if (nodes.length === 1 && only !== undefined && node.type !== "race") yield only;
  for (const i of nodes.keys()) yield { ...node, nodes: nodes.toSpliced(i, 1) };
  for (const [i, inner] of nodes.entries()) {
    for (const less of smaller(inner)) yield { ...node, nodes: nodes.with(i, less) };
  }
}

/** One trait less at a time. */
function* plainer(node: Extract<Node, { type: "step" | "task" }>): Generator<Node> {
  if (node.failures > 0) yield { ...node, failures: 0 };
  if (node.maxAttempts > 0) yield { ...node, maxAttempts: 0 };
  if (node.workMs > 0) yield { ...node, workMs: 0 };
  if (node.undo) yield { ...node, undo: false };
  if (node.type === "step") {
    if (node.durability !== "sync") yield { ...node, durability: "sync" };
    if (node.onExhausted !== "fail") yield { ...node, onExhausted: "fail" };
    return;
  }
  if (node.beats > 0) yield { ...node, beats: 0 };
  const {
    scheduleToStart: _,
    startToClose: __,
    scheduleToClose: ___,
    heartbeat: ____,
    ...rest
  } = node;
  if (Object.keys(rest).length < Object.keys(node).length) yield rest;
}
