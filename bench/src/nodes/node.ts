/** The process of a node, seen from the harness. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import type { Budget } from "../contender.ts";
import type {
  NodeAnswer,
  NodeAsk,
  NodeLanes,
  NodeLoad,
  NodeOpening,
  NodeVerb,
} from "./messages.ts";

export class Node {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: NodeAnswer) => this.#hear(answer));
    child.on("exit", (status, signal) => {
      const error = new Error(`a node's process has ended with ${signal ?? status}`);
      for (const { reject } of this.#asked.values()) reject(error);
    });
  }

  static async open(opening: NodeOpening): Promise<Node> {
    const file = new URL(`./node-process${extname(import.meta.url)}`, import.meta.url);
    const node = new Node(fork(file));
    try {
      await node.#ask({ verb: "open", opening });
      return node;
    } catch (error) {
      await node.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async load(load: NodeLoad, budget: Budget): Promise<NodeLanes> {
    return (await this.#ask({ verb: "load", load, budget })) as NodeLanes;
  }

  async reach(keys: number): Promise<void> {
    await this.#ask({ verb: "reach", keys });
  }

  async openRuns(): Promise<number> {
    return (await this.#ask({ verb: "openRuns" })) as number;
  }

  /** It leaves in good order. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    await this.#ask({ verb: "close" });
    if (this.#child.connected) this.#child.disconnect();
    await ended;
  }

  /** It dies; what was asked of it is heard of no more. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #ask(verb: NodeVerb): Promise<unknown> {
    const asked = Promise.withResolvers<unknown>();
    const ask: NodeAsk = { ...verb, id: ++this.#last };
    this.#asked.set(ask.id, asked);
    this.#child.send(ask);
    return asked.promise;
  }

  #hear(answer: NodeAnswer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if ("error" in answer) asked?.reject(new Error(answer.error));
    else asked?.resolve(answer.value);
  }
}
