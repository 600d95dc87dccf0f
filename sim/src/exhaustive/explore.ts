/**
 * Runs every schedule of a small world: depth first, each from the beginning, as far as it leads
 * to where no schedule has been (stateless search, after Godefroid's VeriSoft; the cut is the
 * happens-before cache of Musuvathi and Qadeer's CHESS, by content).
 *
 * Everything is tried that one node, its disk, workers and clients can do, in every order of: the
 * messages of each connection in both directions; answers of the store; the moments at which the
 * disk carries out what two queues or two nodes have asked; the node's own turns (`turns: "free"`);
 * and at most one fault, at every moment: a worker crashes, a connection is cut, a lease ends under
 * a worker that lives, the node crashes with what it had asked of the disk still on its way, a
 * commit's answer is lost with or without the commit, an answer to a client is lost.
 *
 * Not tried: a start-up in another order (the node comes up, the workers register, the clients
 * ask); timers that fire while anything else can happen, but for those of the ended lease; equal
 * timers of one process in another order; messages of one direction, commits or reads that overtake
 * each other; a crash between two lines of code (it comes between two turns, and what the last one
 * sent may be lost); steps that take time; more than one partition, run or fault; and, where a world
 * says `turns: "at once"`, a message that arrives between another and the turn that it leads to.
 *
 * 1. What `offers.ts` leaves out differs from what it offers only in the order of events that
 *    commute. A test runs small worlds without it and comes to the same ends.
 * 2. A schedule is cut where it comes to a state that another has come to, with the same to choose
 *    from. A state is: the past of each living process, by content; what is on its way; what was
 *    written to the disk; what was done to the outside, also by the dead. Processes are functions of
 *    their past, so what could follow has followed there. A test runs worlds without it.
 * 3. Every event is checked as it happens, every end by the simulator's checks (`judge.ts`).
 */
import type { Bug, Planted } from "../bugs/bug.ts";
import type { Violation } from "../checks/violations.ts";
import { digestOf } from "./digest.ts";
import { Judge } from "./judge.ts";
import type { Offer } from "./offer.ts";
import { expectedIn, offersOf } from "./offers.ts";
import { QuietTrace } from "./quiet-trace.ts";
import { SmallWorld, type WorldShape } from "./small-world.ts";

/** One way to go on, of so many. */
interface Fork {
  taken: number;
  readonly offers: number;
}

export interface Exploration {
  /** Run to their end. */
  readonly schedules: number;
  /** Ended where another one had been. */
  readonly cut: number;
  /** Schedules in which the fault came about. */
  readonly faulty: number;
  /** Moments with more than one way to go on. */
  readonly states: number;
  /** Of all, with those gone through again. */
  readonly events: number;
  /** Events of the longest schedule. */
  readonly depth: number;
  /** Different journals and deeds that it came to. */
  readonly ends: ReadonlySet<string>;
  readonly violations: readonly Violation[];
  /** What happened in the schedule that broke something. */
  readonly red: readonly string[];
}

/** To the end, or to the first violation. */
export function explore(shape: WorldShape, bug: Bug): Exploration {
  return new Explorer(shape, bug).explore();
}

class Explorer {
  readonly #shape: WorldShape;
  readonly #bug: Bug;
  readonly #judge = new Judge();
  readonly #seen = new Set<string>();
  readonly #forks: Fork[] = [];
  #events = 0;
  #depth = 0;
  #cut = 0;
  #schedules = 0;
  #faulty = 0;

  constructor(shape: WorldShape, bug: Bug) {
    this.#shape = shape;
    this.#bug = bug;
  }

  explore(): Exploration {
    for (;;) {
      const { violations, names } = this.#run();
      if (violations.length > 0) return this.#report(violations, names);
      if (!this.#turnBack()) return this.#report([], []);
    }
  }

  /** To the newest fork that has a way left. */
  #turnBack(): boolean {
    for (let fork = this.#forks.pop(); fork !== undefined; fork = this.#forks.pop()) {
      if (fork.taken + 1 === fork.offers) continue;
      this.#forks.push({ ...fork, taken: fork.taken + 1 });
      return true;
    }
    return false;
  }

  #run(): { readonly violations: readonly Violation[]; readonly names: readonly string[] } {
    const planted = this.#bug.plant();
    try {
      const world = begin(this.#shape, planted);
      const names: string[] = [];
      const isAtEnd = this.#follow(world, names);
      this.#events += names.length;
      this.#depth = Math.max(this.#depth, names.length);
      if (isAtEnd) this.#conclude(world);
      else this.#cut += 1;
      return { violations: world.parts.violations.found, names };
    } finally {
      planted.remove?.();
    }
  }

  #conclude(world: SmallWorld): void {
    this.#judge.judge(world);
    this.#schedules += 1;
    if (world.isFaultSpent) this.#faulty += 1;
  }

  /** False: it came to where another schedule had been. */
  #follow(world: SmallWorld, names: string[]): boolean {
    for (let depth = 0; ;) {
      const offers = offersOf(world);
      if (offers.length === 0 || world.parts.violations.found.length > 0) return true;
      let taken = 0;
      if (offers.length > 1) {
        const fork = this.#forks[depth];
        if (fork === undefined && this.#hasBeen(world, offers)) return false;
        if (fork === undefined) this.#forks.push({ taken: 0, offers: offers.length });
        else if (fork.offers !== offers.length) throw new Error("a schedule took another way");
        taken = fork?.taken ?? 0;
        depth += 1;
      }
      const offer = offers[taken];
      if (offer === undefined) throw new Error("there is no such way");
      names.push(offer.name);
      world.take(offer);
    }
  }

  #hasBeen(world: SmallWorld, offers: readonly Offer[]): boolean {
    if (!this.#shape.isCut) return false;
    const state = digestOf(`${world.state()} ${offers.map(({ name }) => name).join()}`);
    if (this.#seen.has(state)) return true;
    this.#seen.add(state);
    return false;
  }

  #report(violations: readonly Violation[], red: readonly string[]): Exploration {
    return {
      schedules: this.#schedules,
      cut: this.#cut,
      faulty: this.#faulty,
      states: this.#seen.size,
      events: this.#events,
      depth: this.#depth,
      ends: this.#judge.ends,
      violations,
      red,
    };
  }
}

/** The node comes up and the workers register in one way; then the clients ask. */
function begin(shape: WorldShape, planted: Planted): SmallWorld {
  const world = new SmallWorld(shape, planted, new QuietTrace());
  for (let next = expectedIn(world)[0]; next !== undefined; next = expectedIn(world)[0]) {
    world.take(next);
  }
  world.begin();
  return world;
}
