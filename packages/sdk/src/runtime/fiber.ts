/**
 * One run's coroutine. It owns the place in the journal, the order of what the code asks for, and
 * the commands on their way; operations own their outcomes.
 *
 * F1  Events are applied one at a time, in the order of the journal. After one that lets the code go
 *     on, nothing is applied until the code has come to rest (`settle`, which the worker calls after
 *     a macrotask). So promises resolve in the order of the journal, and a replay takes the same turns.
 * F2  The code's n-th operation has ordinal n, in every execution. What is recorded under an ordinal
 *     must be what the code asks, or the fiber halts (invariant 9).
 * F3  Commands leave in the order the code asked; none is sent for what is recorded.
 * F4  It says that it waits (`through`) only when no event is left to apply, no local step is in
 *     progress or about to begin, and nothing it sent comes back by itself and wakes it.
 * F5  A halted, closed or dropped fiber sends nothing more.
 */
import type { Activation, Lease } from "@perdure/engine";
import {
  isWaking,
  type Command,
  type Failure,
  type RunEvent,
  type RunId,
  type RunSpec,
} from "@perdure/kernel";
import type { WorkflowCode } from "../define/workflow.ts";
import { CancelledError } from "../errors.ts";
import { Halted } from "./halted.ts";
import { History, type AskKind } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { Main } from "./main.ts";
import { divergenceFailure, type Divergence } from "./mismatch.ts";
import type { LocalStep } from "./local-step.ts";
import { Feed } from "./feed.ts";
import { Gate } from "./gate.ts";
import { Outbox, type CommandOptions } from "./outbox.ts";
import { Operations } from "./operations.ts";
import { RunTrace } from "./run-trace.ts";
import { Saga } from "./saga.ts";
import { Scope } from "./scope.ts";
import { KeyedStateView } from "./keyed-state.ts";
import { Unwritten } from "./unwritten.ts";
import { Values } from "./values.ts";
import type { World } from "./world.ts";

export class Fiber {
  readonly runId: RunId;
  readonly lease: Lease;
  readonly spec: RunSpec;
  readonly code: WorkflowCode;
  readonly world: World;
  readonly history: History = new History();
  readonly root: Scope = new Scope();
  readonly operations: Operations = new Operations();
  readonly unwritten: Unwritten = new Unwritten();
  readonly trace: RunTrace;
  readonly #main: Main = new Main(this);
  // Made when the code first asks for them: most code does not.
  #saga: Saga | undefined;
  #inbox: Inbox | undefined;
  #values: Values | undefined;
  #state: KeyedStateView | undefined;
  #gate: Gate | undefined;
  readonly #feed = new Feed();
  /** The last event of the journal as it was handed over. */
  readonly #replayEnd: number;
  /** Events up to here the code had seen in an earlier hold. */
  readonly #seenBefore: number;
  readonly #lostAt: number;
  #turn = 0;
  #asked = 0;
  #inTurn = false;
  #isFrozen = false;
  #isOver = false;
  #hasEnded = false;
  readonly #outbox = new Outbox();
  #busy = 0;
  /** Results that the code is given next, each in a turn of its own. */
  readonly #resolutions: (() => void)[] = [];
  #ranAhead = false;
  #lastWaking = 0;
  #through: number;

  constructor(activation: Activation, code: WorkflowCode, world: World) {
    this.runId = activation.runId;
    this.lease = activation.lease;
    this.spec = activation.spec;
    this.code = code;
    this.world = world;
    this.trace = new RunTrace(world, this.spec);
    this.#replayEnd = activation.events.at(-1)?.seq ?? 0;
    this.#through = activation.through;
    this.#lostAt = activation.lostAt;
    this.deliver(activation.events);
    // What the code asked for shows that it had run, even where nobody said so.
    this.#seenBefore = Math.max(activation.through, this.history.lastOwn - 1);
  }

  get saga(): Saga {
    return (this.#saga ??= new Saga(this));
  }

  get inbox(): Inbox {
    return (this.#inbox ??= new Inbox(this));
  }

  get values(): Values {
    return (this.#values ??= new Values(this));
  }

  get state(): KeyedStateView {
    return (this.#state ??= new KeyedStateView(this));
  }

  /** Counts the turns. Code that runs in one turn does so in every execution. */
  get turn(): number {
    return this.#turn;
  }

  /** The last event applied. */
  get applied(): number {
    return this.#feed.applied;
  }

  /** The ordinal of the last operation asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** The code has run through here before. */
  get isReplaying(): boolean {
    return this.applied <= this.#seenBefore;
  }

  /** All of the journal that was handed over has been applied. */
  get isCaughtUp(): boolean {
    return this.applied >= this.#replayEnd;
  }

  /** Nothing more is sent (F5). */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The code came to its end; its variables can still be asked about. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** May the code that runs now have run before, unknown to the journal? */
  get isUncertain(): boolean {
    return this.#lostAt > 0 && (this.applied <= this.#lostAt || this.#ranAhead);
  }

  /** What the code has seen may have been the outcome of a step that had run before, and on. */
  get hasRunAhead(): boolean {
    return this.#ranAhead;
  }

  /** Nothing is left to apply: the code's variables are as the journal says. */
  get isSettled(): boolean {
    return !this.#hasNext() && !this.#inTurn;
  }

  /** The time outside, for what is recorded; ms since epoch. */
  clock(): number {
    const { world } = this;
    return world.leave(() => Math.floor(world.env.now()));
  }

  deliver(events: readonly RunEvent[]): void {
    this.#feed.add(events);
    for (const event of events) {
      this.history.add(event, this.#asked);
      if ("key" in event && event.key !== undefined) this.unwritten.written(event.key);
      if (isWaking(event)) this.#lastWaking = event.seq;
      // It may reach further than this fiber said: over results that the code has seen already.
      if (event.kind === "activation.completed") {
        this.#through = Math.max(this.#through, event.through);
      }
    }
    if (this.history.pausedAt === 0) this.#isFrozen = false;
  }

  /** Applies events up to one that lets the code go on (F1). */
  advance(): void {
    if (!this.#hasNext()) return;
    this.#turn += 1;
    this.#inTurn = true;
    this.#inTurn = this.#next();
  }

  /** The code has come to rest: says what there is to say. True: there is more to apply. */
  settle(): boolean {
    if (!this.#isOver && !this.#hasNext() && this.isCaughtUp && !this.#isFrozen) this.#caughtUp();
    this.#inTurn = false;
    if (this.history.isClosed) this.#outbox.clear();
    else if (!this.#isOver && !this.#isGiving) this.#say();
    this.#inbox?.settled();
    return this.#hasNext();
  }

  /** True: nothing is in progress, all is said, and only an event or a question wakes it again. */
  rest(): boolean {
    const isBusy = !this.#isOver && (this.#busy > 0 || !this.isSettled);
    if (!isBusy && !this.#isOver && this.#outbox.hasNews(true)) this.#send();
    return !isBusy;
  }

  /** Gives the run's hold up; whatever still runs is told to stop. */
  drop(): void {
    this.#end();
    this.trace.end("left");
    this.#hasEnded = false;
    this.#inbox?.dropped();
  }

  /** The journal and the code do not agree, or the code cannot be run at all. */
  halt(failure: Failure, divergence?: Divergence): Halted {
    if (!this.#isOver) {
      this.world.observer?.halted?.(this, failure, divergence);
      this.trace.end("halted", new Error(failure.message));
      this.drop();
      this.world.log("error", failure.message, { runId: this.runId, workflow: this.code.name });
      if (!this.history.isClosed) this.world.answer(this, { commands: [], failure });
    }
    return new Halted(failure.message);
  }

  /** Takes the next ordinal (F2). True: the journal holds the operation. */
  ask(kind: AskKind, key: string, detail = "", mayBeMissing = false): boolean {
    const ask = { kind, key, detail };
    if (this.#isOver) throw new Halted("the run is over");
    const { observer } = this.world;
    if (!this.#inTurn) {
      observer?.asked?.(this, this.#asked + 1, ask);
      throw this.#differ({ type: "strayed", asked: ask });
    }
    this.#asked += 1;
    observer?.asked?.(this, this.#asked, ask);
    if (this.#asked > this.history.highest) return false;
    const recorded = this.history.at(this.#asked);
    if (!recorded && mayBeMissing) return false;
    if (recorded?.kind === kind && recorded.key === key && recorded.detail === detail) return true;
    throw this.#differ({ type: "other", ordinal: this.#asked, recorded, asked: ask });
  }

  command(command: Command, options: CommandOptions = {}): void {
    if (!this.#isOver) this.#outbox.add(command, options);
  }

  /** Something was said outside of a turn. */
  touched(): void {
    if (!this.#isOver) this.world.wake(this);
  }

  /** Cancels the scope and everything open in it. */
  cancelScope(scope: Scope, error: CancelledError): void {
    if (!scope.cancel(error)) return;
    for (const operation of this.operations.all()) {
      if (operation.scope.error && !operation.isSettled) operation.cancel(error);
    }
  }

  /** Begins a local step, now or when it may. */
  begin(step: LocalStep): void {
    if (this.isCaughtUp && step.mayBegin) step.begin();
    else (this.#gate ??= new Gate()).add(step);
  }

  /** False: the step has begun. */
  takeBack(step: LocalStep): boolean {
    return this.#gate?.remove(step) ?? false;
  }

  began(): void {
    this.#busy += 1;
  }

  ended(): void {
    this.#busy -= 1;
  }

  /** Gives a result to the code before it is on disk, in a turn of its own and before any event. */
  resolveAhead(resolution: () => void): void {
    this.#resolutions.push(resolution);
  }

  ranAhead(mayHaveRun: boolean): void {
    if (this.isUncertain || (mayHaveRun && this.#lostAt > 0)) this.#ranAhead = true;
  }

  /** A message handler has thrown: the run fails, as if its code had. */
  fail(error: unknown): void {
    this.#main.fail(error);
  }

  /** The code has returned, thrown or continued: the last command of all. */
  finish(command: Command): void {
    if (this.#isOver) return;
    if (this.history.highest > this.#asked) return this.#unasked("ended");
    this.command(command);
    if (!this.history.isClosed) this.#send();
    this.trace.finished(command, this.history.isClosed);
    this.#end();
    this.#hasEnded = true;
  }

  #unasked(how: "ended" | "came to rest"): void {
    const ordinal = this.#asked + 1;
    this.#differ({ type: "unasked", ordinal, recorded: this.history.at(ordinal), how });
  }

  #differ(divergence: Divergence): Halted {
    return this.halt(divergenceFailure(divergence), divergence);
  }

  #end(): void {
    this.#isOver = true;
    for (const operation of this.operations.all()) operation.drop();
  }

  /** True: the code may go on, in the microtasks that follow. */
  #next(): boolean {
    while (!this.#isOver && !this.#isFrozen) {
      const early = this.history.takeEarly(this.applied);
      if (early) return this.operations.apply(early.key, early);
      const resolution = this.#resolutions.shift();
      if (resolution) {
        resolution();
        return true;
      }
      const event = this.#feed.take();
      if (!event) break;
      if (this.#apply(event)) return true;
    }
    return false;
  }

  #hasNext(): boolean {
    if (this.#isOver || this.#isFrozen) return false;
    return !this.#feed.isEmpty || this.#resolutions.length > 0;
  }

  /** There is a result that the code is given next: what it says then goes with what it has said. */
  get #isGiving(): boolean {
    return this.#resolutions.length > 0 && !this.#isFrozen;
  }

  #apply(event: RunEvent): boolean {
    switch (event.kind) {
      case "run.started":
        this.#main.start();
        return true;
      case "run.cancelRequested":
        this.cancelScope(this.root, new CancelledError(event.reason));
        return true;
      case "run.paused":
        this.#isFrozen = event.seq === this.history.pausedAt;
        return false;
      case "signal.received":
        this.inbox.keep(event);
        return false;
      case "update.accepted":
        return this.inbox.accepted(event);
      default:
    }
    if (!("key" in event) || event.key === undefined) return false;
    this.#outbox.heard(event.key);
    return this.operations.apply(event.key, event);
  }

  /** The end of what is known: what had to wait for it may begin. */
  #caughtUp(): void {
    if (this.history.highest > this.#asked) return this.#unasked("came to rest");
    if (!this.history.isClosed) this.#gate?.open((step) => step.mayBegin);
  }

  #isParked(): boolean {
    const isWaiting = this.#outbox.awaitsEcho || this.#gate?.isEmpty === false;
    return this.#busy === 0 && !isWaiting && !this.#isFrozen && !this.#hasNext();
  }

  /** F4. A word that it waits is worth an event only when something has woken it. */
  #say(): void {
    const isParked = this.#isParked();
    if (isParked) this.#ranAhead = false;
    const saysThrough = isParked && this.#lastWaking > this.#through;
    if (!saysThrough && !this.#outbox.hasNews(isParked)) return;
    if (saysThrough) this.#through = this.applied;
    this.#send(saysThrough ? this.applied : undefined);
  }

  #send(through?: number): void {
    for (const answer of this.#outbox.empty(through)) this.world.answer(this, answer);
  }
}
