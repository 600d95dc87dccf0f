/**
 * Little programs that use the whole vocabulary. A program is data: the simulator generates it,
 * a workflow interprets it, and a model says what it may return.
 *
 * `op` names an operation within its program; what an operation does to the outside is recorded
 * in the ledger.
 */
import type { ErrandMode } from "./place.ts";

export interface StepNode {
  readonly type: "step";
  readonly op: number;
  /** So many attempts fail first. */
  readonly failures: number;
  /** 0: without end. */
  readonly maxAttempts: number;
  /** What happens when the attempts are used up. */
  readonly onExhausted: "fail" | "pause";
  readonly workMs: number;
  readonly undo: boolean;
  readonly durability: "sync" | "async" | "exit";
}

export interface TaskNode {
  readonly type: "task";
  readonly op: number;
  readonly failures: number;
  readonly maxAttempts: number;
  readonly workMs: number;
  /** Heartbeats on the way, each with how far it is. */
  readonly beats: number;
  /** Of the four limits those that it has, ms. */
  readonly scheduleToStart?: number;
  readonly startToClose?: number;
  readonly scheduleToClose?: number;
  readonly heartbeat?: number;
  readonly undo: boolean;
}

export type Node =
  | StepNode
  | TaskNode
  | { readonly type: "sleep"; readonly ms: number }
  | { readonly type: "wait"; readonly signal: string; readonly timeoutMs?: number }
  | { readonly type: "promise"; readonly name: string }
  | {
      readonly type: "event";
      readonly event: string;
      readonly color: string;
      readonly timeoutMs: number;
      readonly lookBackMs?: number;
    }
  | {
      readonly type: "publish";
      readonly event: string;
      readonly color: string;
      readonly op: number;
    }
  | {
      readonly type: "call";
      readonly program: Program;
      readonly key?: string;
      readonly onParentClose: "terminate" | "cancel" | "abandon";
    }
  | { readonly type: "send"; readonly program: Program; readonly delayMs: number }
  | {
      readonly type: "add";
      readonly counter: string;
      readonly op: number;
      readonly sendOnly: boolean;
    }
  | { readonly type: "peek"; readonly counter: string }
  | { readonly type: "tell"; readonly key: string; readonly signal: string; readonly op: number }
  /** Calls an errand under a key that others use too. */
  | { readonly type: "join"; readonly mode: ErrandMode; readonly conflict: "fail" | "useExisting" }
  | { readonly type: "hush"; readonly mode: ErrandMode }
  | { readonly type: "record" }
  | { readonly type: "version"; readonly change: string }
  | { readonly type: "show"; readonly fraction: number }
  | { readonly type: "fail"; readonly code: string }
  | { readonly type: "seq" | "all" | "race"; readonly nodes: readonly Node[] }
  | { readonly type: "attempt" | "shielded"; readonly node: Node }
  | { readonly type: "cancellable"; readonly node: Node; readonly afterMs: number };

export interface Program {
  /** Unique in the simulation; a program that is started by a client runs under it as key. */
  readonly id: string;
  readonly body: Node;
  /** It goes on as this one, as new. */
  readonly next?: Program;
}

/** Every node of the program, its children's programs included. */
export function* nodesOf(program: Program): Generator<{ node: Node; program: Program }> {
  for (const node of within(program.body)) {
    yield { node, program };
    if (node.type === "call" || node.type === "send") yield* nodesOf(node.program);
  }
  if (program.next !== undefined) yield* nodesOf(program.next);
}

function* within(node: Node): Generator<Node> {
  yield node;
  if ("nodes" in node) for (const inner of node.nodes) yield* within(inner);
  if ("node" in node) yield* within(node.node);
}
