/** Slots of one worker for one kind of work of one queue, as another node has them: the lender's end. */
import type { WorkerOptions } from "../worker.ts";
import type { Bucket } from "../workers/bucket.ts";
import type { PeerChannel } from "./peer-channel.ts";

export class Loan {
  readonly number: number;
  readonly kind: Bucket["kind"];
  readonly queue: string;
  /** All that is said of the loan goes over it. */
  readonly channel: PeerChannel;
  /** Lent; the borrower has as many, or fewer with some on their way back. */
  slots = 0;
  /** To be lent when they come free. */
  promised = 0;
  /** The borrower knows of it. */
  isTold = false;
  /** What was asked back last, less what has come since. */
  recalled = 0;
  kept = 0;
  /** Monotonic ms since when it has had slots. */
  since = 0;

  constructor(number: number, kind: Bucket["kind"], queue: string, channel: PeerChannel) {
    this.number = number;
    this.kind = kind;
    this.queue = queue;
    this.channel = channel;
  }

  /** Its first slots, or more of them. */
  give(worker: string, options: WorkerOptions, slots: number): void {
    const { number: loan, channel } = this;
    this.promised -= slots;
    this.slots += slots;
    if (this.isTold) return channel.tell("lending.more", { loan, slots });
    this.isTold = true;
    channel.tell("lending.lend", { loan, worker, options: this.#terms(options), slots });
  }

  recall(slots: number, keep: number): void {
    if (slots === this.recalled && (slots === 0 || keep === this.kept)) return;
    this.recalled = slots;
    this.kept = keep;
    this.channel.tell("lending.recall", { loan: this.number, slots, keep });
  }

  back(slots: number): void {
    this.slots = Math.max(0, this.slots - slots);
    this.recalled = Math.max(0, this.recalled - slots);
  }

  /** As the borrower registers it. */
  #terms(options: WorkerOptions): WorkerOptions {
    const isRuns = this.kind === "workflow";
    const queues = options.queues
      .filter(({ name }) => name === this.queue)
      .map((queue) => ({ ...queue, ...(isRuns ? { tasks: [] } : { workflows: [] }) }));
    const runSlots = isRuns ? this.slots : 0;
    const taskSlots = isRuns ? 0 : this.slots;
    // The lender watches over the worker, and the connection over the lender.
    return { ...options, queues, runSlots, taskSlots, leaseMs: 0 };
  }
}
