/**
 * Some slots of a worker of another node: the borrower's end of a loan. Its engine sees a `Worker`
 * like any other; what it calls goes over the connection that the loan was made on.
 *
 * B1  It is over with its connection: what it had is then as with a lost worker.
 * B2  The lender is never told of a slot that this node might still use.
 */
import type { Payload, RunEvent, RunId, StepToken } from "@perdure/kernel";
import type { Activation, ClaimedTask, Lease, UpdateRequest, Worker } from "../worker.ts";
import type { Bucket } from "../workers/bucket.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import type { Doing } from "./lending-words.ts";
import type { PeerChannel } from "./peer-channel.ts";

/** The engine's own time to wait is shorter. */
const CALL_MS = 60_000;

export interface BorrowedParts {
  readonly loan: number;
  readonly channel: PeerChannel;
  readonly epochOf: (runId: RunId) => number;
  /** This node has fewer slots of it: coroutines that wait leave. */
  readonly shrink: (registered: RegisteredWorker) => void;
  /** It has nothing and gets nothing more: it is to leave the registry. */
  readonly spent: (worker: BorrowedWorker) => void;
}

export class BorrowedWorker implements Worker {
  readonly id: string;
  readonly #parts: BorrowedParts;
  readonly #kind: Bucket["kind"];
  readonly #doing = new Map<RunId, Doing>();
  #registered: RegisteredWorker | undefined;
  /** Slots that are this node's, and how many it means to keep. */
  #slots: number;
  #target: number;
  /** Since it was looked at last: the most that was in use, and whether anything was asked of it. */
  #peak = 0;
  #isStirred = true;

  constructor(id: string, kind: Bucket["kind"], slots: number, parts: BorrowedParts) {
    this.id = id;
    this.#kind = kind;
    this.#slots = slots;
    this.#target = slots;
    this.#parts = parts;
  }

  get channel(): PeerChannel {
    return this.#parts.channel;
  }

  get loan(): number {
    return this.#parts.loan;
  }

  attach(registered: RegisteredWorker): void {
    this.#registered = registered;
    registered.onFreed = () => this.#settle();
    this.#settle();
  }

  more(slots: number): void {
    this.#slots += slots;
    this.#target += slots;
    this.#isStirred = true;
    this.#resize();
  }

  /** Idle slots go back now, and others at rest while there are more than `keep`. */
  recall(slots: number, keep: number): void {
    const idle = this.#slots - this.#busy;
    const fewer = Math.max(Math.min(slots, idle), Math.min(slots, this.#slots - keep), 0);
    this.#target = this.#slots - fewer;
    this.#resize();
  }

  /** Called now and then: what was not needed since the last time goes back. */
  trim(): void {
    const needed = this.#isStirred || this.#busy > 0 ? Math.max(this.#peak, this.#used) : 0;
    this.#peak = this.#used;
    this.#isStirred = false;
    if (needed >= this.#target) return;
    this.#target = needed;
    this.#resize();
  }

  activate(activation: Activation): void {
    const { runId, events } = activation;
    this.#use();
    this.#doing.delete(runId);
    // The journal goes on to grow where it comes from.
    const copy = { ...activation, events: [...events] };
    const epoch = this.#parts.epochOf(runId);
    this.channel.tell("lending.activate", { loan: this.loan, activation: copy, epoch });
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    this.#isStirred = true;
    this.channel.tell("lending.deliver", { loan: this.loan, runId, lease, events: [...events] });
  }

  evict(runId: RunId, lease: Lease): void {
    this.#doing.delete(runId);
    this.channel.tell("lending.evict", { loan: this.loan, runId, lease });
  }

  runTask(task: ClaimedTask): void {
    this.#use();
    this.channel.tell("lending.task", { loan: this.loan, task });
  }

  cancelTask(token: StepToken): void {
    this.channel.tell("lending.cancel", { loan: this.loan, token });
  }

  doing(runId: RunId): Doing {
    return this.#doing.get(runId);
  }

  tellsDoing(runId: RunId, doing: Doing): void {
    if (doing === undefined) this.#doing.delete(runId);
    else this.#doing.set(runId, doing);
  }

  query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    const body = { loan: this.loan, runId, lease, name, input };
    return this.channel.call("lending.query", body, CALL_MS);
  }

  async update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    await this.channel.call("lending.update", { loan: this.loan, runId, lease, update }, CALL_MS);
  }

  get #used(): number {
    const { holds, reserved, tasks } = this.#registered ?? nothing;
    return this.#kind === "workflow" ? holds.size + reserved : tasks.size;
  }

  /** Without the coroutines that wait. */
  get #busy(): number {
    return this.#used - (this.#registered?.parked.size ?? 0);
  }

  #use(): void {
    this.#isStirred = true;
    this.#peak = Math.max(this.#peak, this.#used);
  }

  #resize(): void {
    const registered = this.#registered;
    if (registered === undefined) return;
    if (this.#kind === "workflow") registered.runSlots = this.#target;
    else registered.taskSlots = this.#target;
    this.#parts.shrink(registered);
    this.#settle();
  }

  /** Gives back what is not in use and not to be kept (B2). */
  #settle(): void {
    const isLeaving = this.#registered?.phase !== "open";
    const slots = this.#slots - Math.max(isLeaving ? 0 : this.#target, this.#used);
    if (slots > 0) {
      this.#slots -= slots;
      this.channel.tell("lending.back", { loan: this.loan, slots });
    }
    if (this.#slots === 0) this.#parts.spent(this);
  }
}

const nothing = { holds: new Map(), reserved: 0, tasks: new Map() };
