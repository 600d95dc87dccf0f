/**
 * What a program may return: computed from the program alone and from what is known to have
 * happened to its run. The interpreter and this file must never share code.
 */
import { FailureCode } from "@perdure/kernel";
import type { Node, Program, TaskNode } from "./program.ts";

/** What is known to have happened, as far as it may change a result. */
export interface Evidence {
  /** Somebody asked this run to stop. */
  readonly isCancelled: boolean;
  /** Payloads ever sent under this signal's name. */
  wasSent(signal: string, payload: unknown): boolean;
  /** Some run of this program ended in this way. */
  ended(program: string, status: string): boolean;
  /** Runs were forked, so a business key may be in use by the original. */
  readonly isForked: boolean;
}

type Problem = string | undefined;

/** The run under the key may be anybody's. */
const joinCodes: readonly string[] = [
  "errand-failed",
  FailureCode.alreadyStarted,
  FailureCode.cancelled,
  FailureCode.terminated,
];
const lostCodes: readonly string[] = [FailureCode.workerLost];

export function verifyResult(program: Program, value: unknown, evidence: Evidence): Problem {
  const last = lastOf(program);
  const result = value as { id?: unknown; value?: unknown; bumps?: unknown } | undefined;
  if (result?.id !== last.id) return `the result is of ${String(result?.id)}, not of ${last.id}`;
  if (!Array.isArray(result.bumps)) return "the result has no list of updates";
  if (new Set(result.bumps).size !== result.bumps.length) return "an update was taken twice";
  return verify(last, last.body, result.value, evidence);
}

export function lastOf(program: Program): Program {
  return program.next === undefined ? program : lastOf(program.next);
}

/** May the program fail with this code? */
export function mayFail(program: Program, code: string, evidence: Evidence): boolean {
  if (mayThrow(program.body, code, evidence)) return true;
  return program.next !== undefined && mayFail(program.next, code, evidence);
}

function verify(program: Program, node: Node, value: unknown, evidence: Evidence): Problem {
  switch (node.type) {
    case "step":
      // A fork gives a step that had used up its attempts a further one.
      if (isDoomed(node) && !evidence.isForked)
        return `step ${node.op} returned, though each attempt fails`;
      return equal(value, `${program.id}:${node.op}`);
    case "task":
      return equal(value, `${program.id}:${node.op}`);
    case "call":
      return verifyResult(node.program, value, { ...evidence, isCancelled: true });
    case "seq":
    case "all":
      return verifyAll(program, node.nodes, value, evidence);
    case "race":
      return verifyRace(program, node.nodes, value, evidence);
    case "attempt":
      return verifyCaught(program, node.node, value, evidence);
    case "shielded":
      return verify(program, node.node, value, evidence);
    case "cancellable":
      return verifyCaught(program, node.node, value, { ...evidence, isCancelled: true });
    default:
      return verifyLeaf(node, value, evidence);
  }
}

type Leaf = Exclude<
  Node,
  {
    type:
      | "step"
      | "task"
      | "call"
      | "seq"
      | "all"
      | "race"
      | "attempt"
      | "shielded"
      | "cancellable";
  }
>;

const said: Readonly<Partial<Record<Leaf["type"], string>>> = {
  sleep: "slept",
  send: "sent",
  tell: "told",
  publish: "published",
  join: "tick",
  hush: "hushed",
  show: "shown",
  promise: "kept",
};

function verifyLeaf(node: Leaf, value: unknown, evidence: Evidence): Problem {
  switch (node.type) {
    case "wait":
      if (value === "timeout" && node.timeoutMs !== undefined) return undefined;
      return evidence.wasSent(node.signal, value) ? undefined : `nobody sent ${show(value)}`;
    case "event": {
      const event = value as { color?: unknown } | undefined;
      return value === "timeout" || event?.color === node.color
        ? undefined
        : `an event ${show(value)} does not match ${node.color}`;
    }
    case "add":
      if (node.sendOnly) return equal(value, "sent");
      return Array.isArray(value) ? undefined : `the counter gave ${show(value)}`;
    case "peek":
      return Array.isArray(value) ? undefined : `the counter gave ${show(value)}`;
    case "record": {
      const [now, random, uuid] = Array.isArray(value) ? (value as readonly unknown[]) : [];
      const isFit = typeof now === "number" && typeof random === "number" && random < 1;
      return isFit && typeof uuid === "string" ? undefined : `recorded ${show(value)}`;
    }
    case "version":
      return equal(value, 1);
    case "fail":
      return "it returned, though it had to fail";
    default:
      return equal(value, said[node.type]);
  }
}

function verifyAll(
  program: Program,
  nodes: readonly Node[],
  value: unknown,
  evidence: Evidence,
): Problem {
  if (!Array.isArray(value) || value.length !== nodes.length)
    return `not a list of ${nodes.length}`;
  for (const [i, node] of nodes.entries()) {
    const problem = verify(program, node, value[i], evidence);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function verifyRace(
  program: Program,
  nodes: readonly Node[],
  value: unknown,
  evidence: Evidence,
): Problem {
  const [winner, won] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const node = typeof winner === "number" ? nodes[winner] : undefined;
  if (node === undefined) return `nobody won the race: ${show(value)}`;
  return verify(program, node, won, evidence);
}

function verifyCaught(program: Program, node: Node, value: unknown, evidence: Evidence): Problem {
  const [how, what] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  switch (how) {
    case "done":
      return verify(program, node, what, evidence);
    case "cancelled":
      return evidence.isCancelled ? undefined : "cancelled, though nobody asked for it";
    case "failed":
      return mayThrow(node, String(what), evidence)
        ? undefined
        : `${node.type} failed with ${String(what)}`;
    default:
      return `an attempt gave ${show(value)}`;
  }
}

/** A local step's attempts are counted by the journal alone, so its end is certain. */
function isDoomed(node: Extract<Node, { type: "step" }>): boolean {
  const { onExhausted, maxAttempts, failures } = node;
  return onExhausted === "fail" && maxAttempts > 0 && failures >= maxAttempts;
}

function mayThrow(node: Node, code: string, evidence: Evidence): boolean {
  if (code === FailureCode.cancelled && evidence.isCancelled) return true;
  switch (node.type) {
    case "step":
      return isDoomed(node) && code === `failed-${node.op}`;
    case "task":
      return mayTaskThrow(node, code);
    case "call":
      return mayCallThrow(node.program, code, evidence);
    case "add":
    case "peek":
      return code === FailureCode.terminated || code === FailureCode.cancelled;
    case "join":
      return joinCodes.includes(code);
    case "fail":
      return code === node.code;
    case "seq":
    case "all":
    case "race":
      return node.nodes.some((inner) => mayThrow(inner, code, evidence));
    case "shielded":
      return mayThrow(node.node, code, evidence);
    default:
      return false;
  }
}

function mayTaskThrow(node: TaskNode, code: string): boolean {
  if (code === FailureCode.scheduleToStart) return node.scheduleToStart !== undefined;
  if (code === FailureCode.scheduleToClose) return node.scheduleToClose !== undefined;
  if (node.maxAttempts === 0) return false;
  if (code === FailureCode.startToClose) return node.startToClose !== undefined;
  if (code === FailureCode.heartbeat) return node.heartbeat !== undefined;
  return lostCodes.includes(code) || (node.failures > 0 && code === `failed-${node.op}`);
}

function mayCallThrow(child: Program, code: string, evidence: Evidence): boolean {
  const ends = ["cancelled", "terminated"].filter((status) => evidence.ended(child.id, status));
  if (ends.includes(code)) return true;
  if (code === FailureCode.alreadyStarted && evidence.isForked) return true;
  return mayFail(child, code, { ...evidence, isCancelled: true });
}

function equal(value: unknown, expected: unknown): Problem {
  return value === expected ? undefined : `${show(value)} instead of ${show(expected)}`;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
