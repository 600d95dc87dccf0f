/**
 * What only several nodes that share a store show, told from what they ask of it and from what they
 * say to each other.
 */
import type { PeerMessage } from "@perdure/engine";
import type { Marks } from "../world/marks.ts";

/** Who had a partition last, and whether it was given back since. */
interface Holding {
  readonly node: string;
  isReleased: boolean;
}

export class NodeSituations {
  readonly #marks: Marks;
  readonly #dead = new Set<string>();
  readonly #holdings = new Map<number, Holding>();
  /** By who watches, and what: of whom it was asked last. */
  readonly #watched = new Map<string, string>();

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  died(node: string): void {
    this.#dead.add(node);
  }

  /** By a claim. */
  taken(partition: number, node: string): void {
    const before = this.#holdings.get(partition);
    this.#holdings.set(partition, { node, isReleased: false });
    if (before !== undefined) this.#marks.hit(`nodes: ${this.#howTaken(before, node)}`);
  }

  released(partition: number, node: string): void {
    const holding = this.#holdings.get(partition);
    if (holding?.node === node) holding.isReleased = true;
  }

  /** The store refused a commit of a node that has lost the partition. */
  fenced(): void {
    this.#marks.hit("nodes: fenced with a commit on its way");
  }

  logged(message: string): void {
    if (message.endsWith("steps down")) this.#marks.hit("nodes: one steps down");
  }

  /** It arrives. */
  heard(from: string, to: string, message: PeerMessage): void {
    if (message.type === "tell") this.#told(message.word);
    if (message.type === "call") this.#called(from, to, message.verb, message.body);
  }

  #howTaken(before: Holding, node: string): string {
    if (before.isReleased) return "a partition was given in good order";
    if (before.node === node) return "a partition was taken anew by the node that had it";
    return this.#dead.has(before.node)
      ? "a partition was claimed after its node's death"
      : "a partition was claimed from a node that had fallen silent";
  }

  #told(word: string): void {
    switch (word) {
      case "mail":
        return this.#marks.hit("nodes: a message to a partition of another node");
      case "receipt":
        return this.#marks.hit("nodes: a receipt for messages");
      case "reply":
        return this.#marks.hit("nodes: an answer to a caller whose message went on");
      case "lending.activate":
        return this.#marks.hit("nodes: a run on a lent worker");
      case "lending.task":
        return this.#marks.hit("nodes: a remote step on a lent worker");
      case "lending.more":
        return this.#marks.hit("nodes: a loan grows");
      case "lending.recall":
        return this.#marks.hit("nodes: a loan is recalled");
      case "lending.back":
        return this.#marks.hit("nodes: slots come back");
      case "lending.lost":
        return this.#marks.hit("nodes: a lent worker is lost");
      default:
    }
  }

  #called(from: string, to: string, verb: string, body: unknown): void {
    if (verb === "lending.result") this.#marks.hit("nodes: the outcome of a step on a lent worker");
    if (verb === "lending.query" || verb === "lending.update") {
      this.#marks.hit("nodes: a question to code on a lent worker");
    }
    if (verb !== "ask" && verb !== "wait") return;
    const { verb: asked, args } = body as {
      readonly verb: string;
      readonly args: readonly unknown[];
    };
    this.#marks.hit("nodes: a call is passed on");
    if (asked !== "follow") return;
    const [runId, seq] = args;
    const name = `${from} ${String(runId)}`;
    const before = this.#watched.get(name);
    this.#watched.set(name, to);
    this.#marks.hit("nodes: a run of another node is watched");
    if (before !== undefined && before !== to && seq !== undefined) {
      this.#marks.hit("nodes: a watch goes on at the next owner");
    }
  }
}

/**
 * All that a night has to reach. Not among them: an answer to a caller whose message went on to
 * another node, which only a run that was imported under a key brings about.
 */
export const nodeSituations: readonly string[] = [
  "a partition was given in good order",
  "a partition was taken anew by the node that had it",
  "a partition was claimed after its node's death",
  "a partition was claimed from a node that had fallen silent",
  "fenced with a commit on its way",
  "one steps down",
  "one leaves in good order",
  "one end of a broken connection is not told",
  "a message to a partition of another node",
  "a receipt for messages",
  "a run on a lent worker",
  "a remote step on a lent worker",
  "a loan grows",
  "a loan is recalled",
  "slots come back",
  "a lent worker is lost",
  "the outcome of a step on a lent worker",
  "a question to code on a lent worker",
  "a call is passed on",
  "a run of another node is watched",
  "a watch goes on at the next owner",
].map((name) => `nodes: ${name}`);
