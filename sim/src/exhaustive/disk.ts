/**
 * The disk of the small world, between the engine's store port and the real store in memory.
 *
 * 1. A node has two queues: what writes and what reads. Each is carried out and answered in order.
 * 2. A request is carried out at once and whole, at a moment of its own before its answer.
 * 3. What a dead node has asked for may still be carried out.
 */
import type { Batch, Opened, Store } from "@perdure/store";
import { drainMicrotasks } from "../world/drain.ts";
import { digestOf, textOf, textOfError } from "./digest.ts";

export type Loss = "applied" | "not applied";

interface Answer {
  readonly text: string;
  readonly give: () => void;
}

interface Request {
  readonly what: string;
  readonly digest: string;
  readonly isCommit: boolean;
  readonly carryOut: () => Promise<Answer>;
  /** The caller of a commit learns that nobody knows. */
  readonly lose: () => void;
  answer: Answer | undefined;
}

export class DiskQueue {
  readonly #requests: Request[] = [];

  get first(): Request | undefined {
    return this.#requests[0];
  }

  /** The first that is not carried out. */
  get next(): Request | undefined {
    return this.#requests.find(({ answer }) => answer === undefined);
  }

  get state(): string {
    return this.#requests.map(({ digest, answer }) => `${digest}${answer?.text ?? "?"}`).join();
  }

  push(request: Request): void {
    this.#requests.push(request);
  }

  carryOut(): void {
    const { next } = this;
    if (next !== undefined) carryOut(next);
  }

  /** Carries it out, if it is not yet, and answers. */
  land(): string {
    const request = this.#requests.shift();
    const answer = request && carryOut(request);
    answer?.give();
    return answer?.text ?? "";
  }

  /** The commit's answer is lost, and perhaps the commit. */
  lose(loss: Loss): string {
    const request = this.#requests.shift();
    if (request !== undefined && loss === "applied") carryOut(request);
    request?.lose();
    return "lost";
  }
}

function carryOut(request: Request): Answer {
  if (request.answer !== undefined) return request.answer;
  void answered(request);
  drainMicrotasks();
  if (request.answer === undefined) throw new Error(`the store takes its time: ${request.what}`);
  return request.answer;
}

async function answered(request: Request): Promise<void> {
  request.answer = await request.carryOut();
}

export interface DiskHooks {
  onOpened(partition: number, opened: Opened, node: string): void;
  onApplied(batches: readonly Batch[]): void;
}

/** What only looks. */
const reads: ReadonlySet<string> = new Set<keyof Store>([
  "outcome",
  "read",
  "blobs",
  "streams",
  "alarms",
  "search",
  "versions",
  "count",
  "facts",
]);

export class SmallDisk {
  readonly #inner: Store;
  readonly #hooks: DiskHooks;
  #past = "";

  constructor(inner: Store, hooks: DiskHooks) {
    this.#inner = inner;
    this.#hooks = hooks;
  }

  /** All that is on it follows from what was written. */
  get state(): string {
    return this.#past;
  }

  /** The store as a node sees it. */
  storeFor(node: string, writing: DiskQueue, reading: DiskQueue): Store {
    const inner = this.#inner;
    return new Proxy(inner, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        const name = String(property);
        if (name === "close") return () => Promise.resolve();
        // Known without asking.
        if (name === "databaseOf") return () => 0;
        const queue = name === "commit" || name === "outcome" ? writing : reading;
        const method = value as (...given: readonly unknown[]) => Promise<unknown>;
        return (...given: readonly unknown[]) =>
          this.#ask(queue, name, given, async () => {
            const result = await method.call(target, ...given);
            this.#carriedOut(node, name, given, result);
            return result;
          });
      },
    });
  }

  #ask(
    queue: DiskQueue,
    name: string,
    given: readonly unknown[],
    method: () => Promise<unknown>,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      queue.push({
        what: name,
        digest: digestOf(`${name} ${contentOf(name, given)}`),
        isCommit: name === "commit",
        answer: undefined,
        lose: () => resolve({ type: "unknown", reason: "The answer was lost." }),
        carryOut: () =>
          method().then(
            (value) => ({ text: digestOf(textOf(value)), give: () => resolve(value) }),
            (error: unknown) => ({ text: textOfError(error), give: () => reject(error) }),
          ),
      });
    });
  }

  #carriedOut(node: string, name: string, given: readonly unknown[], result: unknown): void {
    if (!reads.has(name)) {
      this.#past = digestOf(`${this.#past} ${name} ${contentOf(name, given)} ${textOf(result)}`);
    }
    const [first] = given;
    if (name === "open") this.#hooks.onOpened(first as number, result as Opened, node);
    const isDone = (result as { readonly type?: string } | undefined)?.type === "done";
    if (name === "commit" && isDone) this.#hooks.onApplied(first as readonly Batch[]);
  }
}

/** Of a batch what the port says it is: it may have more about it that is the engine's own. */
function contentOf(name: string, given: readonly unknown[]): string {
  if (name !== "commit") return textOf(given);
  const batches = given[0] as readonly Batch[];
  const appends = (batch: Batch) =>
    batch.appends.map(({ stream, from, events }) => ({ stream, from, events }));
  return textOf(batches.map((batch) => ({ ...batch, appends: appends(batch) })));
}
