/** A worker's process, however it reaches a node. */
import { Process } from "../world/process.ts";
import type { Node } from "./node.ts";
import type { Parts } from "./parts.ts";

export interface SimWorker {
  readonly process: Process;
  readonly isConnected: boolean;
  /** For those that are connected from outside; others find a node by themselves. */
  connect?(node: Node, onCut: () => void): void;
  /** The node lets go of it, or is gone. */
  lost(node: Node): void;
  /** Its connections break, and both ends live on. */
  cut(): void;
  kill(): void;
}

export function workerProcess(parts: Parts, name: string): Process {
  return new Process(parts.world, name, parts.prng, (process, level, message) => {
    parts.trace.note(process.name, level, message);
  });
}
