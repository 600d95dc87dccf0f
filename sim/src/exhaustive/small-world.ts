/**
 * The small world: a node, workers and clients as processes of their own, a disk, and channels
 * between them. It says what can happen next (`offers`) and makes one of it happen (`take`).
 *
 * 1. Between two calls of `take` nothing happens, and all promise reactions have run.
 * 2. A process is a function of what has reached it: same past, same state.
 * 3. Workers and clients do at once what a message leads to; the node's own turns
 *    (`Env.defer`) are offered like messages, because others may arrive before them.
 */
import { createCalendar } from "@perdure/engine";
import { Disk, MemoryStore, type Store } from "@perdure/store";
import type { Planted } from "../bugs/bug.ts";
import { Shadow } from "../checks/shadow.ts";
import { Violations } from "../checks/violations.ts";
import type { Parts } from "../cluster/parts.ts";
import { Watch } from "../cluster/watch.ts";
import { Deeds } from "../faults/deeds.ts";
import { noFaults } from "../faults/mix.ts";
import { LoadRecord } from "../load/record.ts";
import type { Program } from "../programs/program.ts";
import { drainMicrotasks } from "../world/drain.ts";
import { NodeSituations } from "../reached/node-situations.ts";
import { Marks } from "../world/marks.ts";
import { Prng } from "../world/prng.ts";
import { Actor } from "./actor.ts";
import type { Channel } from "./channel.ts";
import { Client } from "./client.ts";
import { digestOf } from "./digest.ts";
import { SmallDisk, type DiskQueue } from "./disk.ts";
import { silentWorker, type Fault } from "./faults.ts";
import { Lane } from "./lane.ts";
import { Link } from "./link.ts";
import { NodeLife } from "./node-life.ts";
import type { Offer } from "./offer.ts";
import { Outside } from "./outside.ts";
import { WorkerLife } from "./worker-life.ts";
import type { QuietTrace } from "./quiet-trace.ts";

const LEASE_MS = 1_000;
/** Of workers that are never silent for long. */
const LONG_LEASE_MS = 3_600_000;

export interface WorldShape {
  readonly programs: readonly Program[];
  readonly workers: number;
  readonly taskSlots: number;
  readonly runSlots: number;
  readonly commitsInFlight: number;
  /** Of the node: `at once`, or `free` to come after what else has arrived. */
  readonly turns: "free" | "at once";
  readonly fault: Fault;
  /** Nothing is tried that need not be (see `offers.ts`). */
  readonly isReduced: boolean;
  /** Schedules end where another one has been (see `explore.ts`). */
  readonly isCut: boolean;
}

export class SmallWorld {
  readonly shape: WorldShape;
  readonly parts: Parts;
  readonly disk: SmallDisk;
  readonly outside: Outside = new Outside();
  readonly record: LoadRecord = new LoadRecord();
  readonly clients: readonly Client[];
  readonly workers: readonly WorkerLife[];
  readonly links: Link[] = [];
  /** Of dead nodes: what they had asked of the disk. */
  readonly leftovers: DiskQueue[] = [];
  node: NodeLife;
  /** Ms since the world began, for all whose clock has not leapt. */
  now = 0;
  isFaultSpent = false;
  /**
   * To whom anything may newly happen by itself: whoever had the last event, or has just become
   * able to. For all others it was offered before, and nothing of theirs has happened since.
   */
  fresh: ReadonlySet<Actor> = new Set();
  readonly #watch: Watch;
  #awakened: Actor[] = [];

  constructor(shape: WorldShape, bug: Planted, trace: QuietTrace) {
    this.shape = shape;
    const outsideLane = new Lane();
    const violations = new Violations(() => this.now);
    const marks = new Marks();
    const calendar = createCalendar();
    const real: Store = new MemoryStore(new Disk(1));
    const disk = bug.disk?.(real) ?? real;
    const shadow = new Shadow({
      partitions: 1,
      calendar,
      violations,
      marks,
      trace,
      verbose: false,
    });
    this.parts = {
      seed: 0,
      world: outsideLane,
      prng: new Prng(0),
      trace,
      marks,
      nodes: new NodeSituations(marks),
      hasLeases: false,
      deeds: new Deeds(),
      violations,
      shadow,
      ledger: this.outside.ledger,
      disks: [disk],
      calendar,
      bug,
      mix: () => noFaults,
      onceHealed: () => undefined,
    };
    this.disk = new SmallDisk(disk, {
      onOpened: (partition, opened, node) => shadow.opened(partition, opened, node),
      onApplied: (batches) => shadow.applied(batches),
    });
    this.#watch = new Watch(this.parts);
    this.node = this.#openNode(1);
    this.workers = Array.from({ length: shape.workers }, (_, i) => this.#startWorker(i + 1));
    this.clients = shape.programs.map((program) => this.#client(program));
    for (const { lane } of this.#actors()) lane.turns();
  }

  get isDone(): boolean {
    return this.clients.every(({ outcome }) => outcome !== undefined) && !this.#hasOpenWork();
  }

  /** The clients ask; from here on everything is open. */
  begin(): void {
    for (const { actor: client } of this.clients) client.lane.turns();
    for (const client of this.clients) {
      client.begin();
      client.actor.lane.turns();
    }
    this.fresh = new Set(this.#actors());
  }

  take(offer: Offer): void {
    const { actor } = offer;
    this.#awakened = [];
    actor?.meets(`${offer.name} ${offer.digest ?? ""}`);
    offer.run();
    drainMicrotasks();
    if (this.shape.turns === "at once") this.node.actor.lane.turns();
    for (const { actor: worker } of this.workers) worker.lane.turns();
    for (const { actor: client } of this.clients) client.lane.turns();
    this.fresh = this.#freshAfter(actor);
  }

  /** Equal for two moments from which the same can follow, and of which the same can be said. */
  state(): string {
    const { node, links, clients, leftovers, disk, isFaultSpent } = this;
    return digestOf(
      [
        ...[...this.#actors()].map(({ state }) => state),
        ...links.map(({ state }) => state),
        ...clients.map(({ toNode, toClient }) => `${toNode.state} ${toClient.state}`),
        ...[node.writing, node.reading, ...leftovers].map(({ state }) => state),
        `${node.number} ${disk.state} ${isFaultSpent} ${this.now}`,
      ].join("\n"),
    );
  }

  /** Time passes for everybody, until the first timer. */
  passTime(): void {
    const rests = [...this.#actors()].flatMap(({ lane }) => lane.restMs ?? []);
    const ms = Math.min(...rests);
    this.now += ms;
    for (const { lane } of this.#actors()) lane.elapse(ms);
    this.#awakened = [...this.#actors()];
  }

  crashNode(): void {
    const { node } = this;
    this.isFaultSpent = true;
    node.actor.process.kill();
    this.leftovers.push(node.writing, node.reading);
    for (const link of this.links.filter((one) => one.node === node.actor)) {
      link.toNode.close();
      link.nodeWillHear = false;
      this.#willHear(link);
    }
    for (const { toNode } of this.clients) toNode.clear();
    this.node = this.#openNode(node.number + 1);
    this.#awakened.push(this.node.actor);
  }

  crashWorker(worker: WorkerLife, isNoticed: boolean): void {
    this.isFaultSpent = true;
    worker.actor.process.kill();
    for (const link of this.links.filter((one) => one.worker === worker.actor)) {
      link.toWorker.close();
      link.workerWillHear = false;
      link.nodeWillHear = isNoticed;
    }
    this.#awakened.push(this.node.actor);
  }

  cut(link: Link): void {
    this.isFaultSpent = true;
    link.cut();
    this.#awakened.push(link.worker, link.node);
  }

  /** The node's clock has gone on by more than a lease, and nothing of what is on its way has. */
  leap(): void {
    this.isFaultSpent = true;
    this.node.actor.lane.elapse(LEASE_MS + 1);
  }

  /** The worker connects to whoever is the node now. */
  reconnect(actor: Actor): void {
    const worker = this.workers.find((one) => one.actor === actor);
    if (worker === undefined) return;
    worker.disconnect();
    this.#connect(worker);
  }

  loseAnswer(channel: Channel): void {
    this.isFaultSpent = true;
    channel.take();
  }

  #willHear(link: Link): void {
    if (!link.worker.process.isAlive) return;
    const life = this.workers.find(({ actor }) => actor === link.worker);
    link.workerWillHear = life?.link === link;
    this.#awakened.push(link.worker);
  }

  #openNode(number: number): NodeLife {
    const { trace } = this.parts;
    const node = new NodeLife(new Actor(`node-${number}`, this.now, trace), number);
    void node.open(this.parts, this.disk, this.shape.commitsInFlight);
    drainMicrotasks();
    return node;
  }

  #startWorker(number: number): WorkerLife {
    const { taskSlots, runSlots, fault } = this.shape;
    const leaseMs = silentWorker(fault) === number ? LEASE_MS : LONG_LEASE_MS;
    const actor = new Actor(`worker-${number}`, this.now, this.parts.trace);
    const worker = new WorkerLife(actor, { taskSlots, runSlots, leaseMs });
    this.#connect(worker);
    return worker;
  }

  #connect(worker: WorkerLife): void {
    const { node } = this;
    const id = `${worker.actor.name}.${worker.connections + 1}`;
    const link: Link = new Link({
      id,
      worker: worker.actor,
      node: node.actor,
      host: () => node.host,
      hooks: this.#watch.hooksFor(id, node.actor.name),
      // What the worker sends until it learns of it still arrives, and must change nothing.
      onHangUp: () => this.#willHear(link),
    });
    this.links.push(link);
    worker.connect(link, node.number, this.outside, this.parts.bug);
  }

  #client(program: Program): Client {
    const { trace, shadow, violations } = this.parts;
    this.record.plan(program);
    return new Client({
      actor: new Actor(`client-${program.id}`, this.now, trace),
      program,
      engine: () => this.node.engine,
      shadow,
      violations,
    });
  }

  #freshAfter(actor: Actor | undefined): ReadonlySet<Actor> {
    if (!this.shape.isReduced) return new Set(this.#actors());
    return new Set(actor === undefined ? this.#awakened : [actor, ...this.#awakened]);
  }

  *#actors(): Generator<Actor> {
    yield this.node.actor;
    for (const { actor } of this.workers) yield actor;
    for (const { actor } of this.clients) yield actor;
  }

  #hasOpenWork(): boolean {
    return this.parts.shadow.hasOpenWork();
  }
}
