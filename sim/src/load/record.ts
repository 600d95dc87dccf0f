/** What clients have done, for the model: it is written down before it is done. */
import type { Program } from "../programs/program.ts";
import { nodesOf } from "../programs/program.ts";

export class LoadRecord {
  readonly programs = new Map<string, Program>();
  /** Those that customers start themselves. */
  readonly started: Program[] = [];
  /** Payloads by signal name. */
  readonly #signals = new Map<string, Set<unknown>>();
  readonly cancelled = new Set<string>();
  readonly terminated = new Set<string>();
  readonly forks = new Set<string>();
  /** Updates that were acknowledged, by run. */
  readonly updates: { readonly runId: string; readonly id: string }[] = [];
  /** Calls that have not had their answer. */
  open = 0;

  plan(program: Program): void {
    this.programs.set(program.id, program);
    for (const { node, program: owner } of nodesOf(program)) {
      this.programs.set(owner.id, owner);
      if (node.type === "tell") this.signal(node.signal, `${owner.id}:${node.op}`);
    }
  }

  signal(name: string, payload: unknown): void {
    const sent = this.#signals.get(name);
    if (sent) sent.add(payload);
    else this.#signals.set(name, new Set([payload]));
  }

  wasSent(name: string, payload: unknown): boolean {
    return this.#signals.get(name)?.has(payload) ?? false;
  }
}
