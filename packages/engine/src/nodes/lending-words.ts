/**
 * What lenders and borrowers of workers say to each other. All that is said of a loan goes over the
 * connection that it was made on: when that ends, so does the loan, at both ends.
 *
 * The lender's node is where the worker is registered. Loans are numbered by it.
 */
import type {
  ActivationAnswer,
  BusyWorker,
  Payload,
  RunEvent,
  RunId,
  Serving,
} from "@perdure/kernel";
import type { StepResult, StepToken } from "@perdure/kernel";
import type {
  Activation,
  ClaimedTask,
  Lease,
  UpdateRequest,
  Worker,
  WorkerOptions,
} from "../worker.ts";
import type { Place } from "../workers/bucket.ts";
import type { Demand } from "../workers/demand.ts";

interface OfLoan {
  readonly loan: number;
}

/** A run under a lease of the borrower's. The lender's worker sees another number. */
interface OfHold extends OfLoan {
  readonly runId: RunId;
  readonly lease: Lease;
}

interface OfAttempt extends OfLoan {
  readonly token: StepToken;
}

/** The local step that a run's code is in. */
export type Doing = ReturnType<NonNullable<Worker["doing"]>>;

/** How a loan begins. */
export interface LoanTerms extends OfLoan {
  readonly worker: string;
  /** Of one queue and one kind of work: the other kind has no names in it. */
  readonly options: WorkerOptions;
  readonly slots: number;
}

/** Borrowers ask, lenders give. */
interface DemandWords {
  /** All that waits; `heard` counts the loans and additions that the asker knows of. */
  readonly "lending.demand": { readonly heard: number; readonly wants: readonly Demand[] };
  /** Who has the code for what is asked for, whether there is room or not. */
  readonly "lending.supply": { readonly known: readonly Supply[] };
}

export interface Supply {
  readonly place: Place;
  readonly serving: Serving;
  /** Some of those that have the code and no room. */
  readonly busy: readonly BusyWorker[];
  /** Of the workers that serve the queue. */
  readonly versions: readonly string[];
}

/** From the lender. */
interface LenderWords {
  readonly "lending.lend": LoanTerms;
  readonly "lending.more": OfLoan & { readonly slots: number };
  /**
   * So many are to come back: those without work at once, and others when they come to rest, as
   * long as more than `keep` are left. It takes the place of what was asked for before.
   */
  readonly "lending.recall": OfLoan & { readonly slots: number; readonly keep: number };
  /** The worker is lost, with all that it had. */
  readonly "lending.lost": OfLoan;
  readonly "lending.answer": OfHold & {
    readonly answer: ActivationAnswer;
    readonly isIdle: boolean;
  };
  readonly "lending.release": OfHold;
  readonly "lending.abandon": OfAttempt;
  /** Of steps that take long. */
  readonly "lending.doing": OfHold & { readonly doing: Doing };
}

/** From the borrower. */
interface BorrowerWords {
  /** So many slots are the lender's again. */
  readonly "lending.back": OfLoan & { readonly slots: number };
  /** It has nothing of the loan any more, and wants none of it. */
  readonly "lending.over": OfLoan;
  /** `epoch`: of the run's partition, as its owner has it; a later one is right. */
  readonly "lending.activate": OfLoan & {
    readonly activation: Activation;
    readonly epoch: number;
  };
  readonly "lending.deliver": OfHold & { readonly events: readonly RunEvent[] };
  readonly "lending.evict": OfHold;
  readonly "lending.task": OfLoan & { readonly task: ClaimedTask };
  readonly "lending.cancel": OfAttempt;
}

export interface LendingWords extends DemandWords, LenderWords, BorrowerWords {}

export interface LendingCalls {
  readonly "lending.beat": {
    readonly body: OfAttempt & { readonly details?: Payload };
    readonly answer: { readonly cancelRequested: boolean };
  };
  readonly "lending.result": {
    readonly body: OfAttempt & { readonly result: StepResult };
    readonly answer: null;
  };
  readonly "lending.query": {
    readonly body: OfHold & { readonly name: string; readonly input: Payload };
    readonly answer: Payload;
  };
  readonly "lending.update": {
    readonly body: OfHold & { readonly update: UpdateRequest };
    readonly answer: null;
  };
}
