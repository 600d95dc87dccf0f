/**
 * One seed: a world, a cluster in it, and what happens to them.
 *
 * Two phases. At first anything of the seed's mix may fail. Then the world heals, and every run
 * must come to the end that its program says, within bounded virtual time.
 */
import { createCalendar } from "@perdure/engine";
import { Disk, MemoryStore } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import { noBug, type Bug, type Planted } from "./bugs/bug.ts";
import { checkCounters } from "./checks/counters.ts";
import { checkEffects } from "./checks/effects.ts";
import { checkReplays } from "./checks/replays.ts";
import { checkResults } from "./checks/results.ts";
import { Shadow } from "./checks/shadow.ts";
import { Violations, type Violation } from "./checks/violations.ts";
import { Cluster, type ClusterShape } from "./cluster/cluster.ts";
import type { Parts } from "./cluster/parts.ts";
import { describeFaults, drawFaults, noFaults, type FaultMix } from "./faults/mix.ts";
import { Nemesis } from "./faults/nemesis.ts";
import { Caretaker } from "./load/caretaker.ts";
import { Customers } from "./load/customers.ts";
import { PassersBy } from "./load/passers-by.ts";
import { LoadRecord } from "./load/record.ts";
import { Ledger } from "./programs/ledger.ts";
import { Marks } from "./world/marks.ts";
import type { Terms } from "./cluster/runtime.ts";
import { Prng } from "./world/prng.ts";
import { Trace, type TraceLine } from "./world/trace.ts";
import { World } from "./world/world.ts";

/** Virtual time in which everything must have ended after the world has healed. */
const HEAL_MS = 7_200_000;
const MAX_EVENTS = 1_000_000;

export interface SimulationOptions {
  readonly seed: number;
  readonly bug?: Bug;
  /** Lines of the event table to keep. */
  readonly keepLines?: number;
  /** Shows payloads in the event table. */
  readonly verbose?: boolean;
}

export interface Report {
  readonly seed: number;
  readonly faults: string;
  readonly store: string;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly runs: number;
  readonly marks: Marks;
  readonly lines: readonly TraceLine[];
}

/** To be called from a macrotask: see `world/drain.ts`. */
export function simulate(options: SimulationOptions): Report {
  const planted = (options.bug ?? noBug).plant();
  try {
    return new Simulation(options, planted).run();
  } finally {
    planted.remove?.();
  }
}

class Simulation {
  readonly #seed: number;
  readonly #drawn: FaultMix;
  readonly #store: "memory" | "sqlite";
  readonly #world: World;
  readonly #trace: Trace;
  readonly #violations: Violations;
  readonly #record = new LoadRecord();
  readonly #parts: Parts;
  readonly #prng: Prng;
  #mix: FaultMix;

  constructor({ seed, keepLines = 300, verbose = false }: SimulationOptions, bug: Planted) {
    this.#seed = seed;
    const prng = new Prng(seed);
    this.#prng = prng;
    this.#drawn = drawFaults(prng.fork("faults"));
    this.#mix = this.#drawn;
    this.#world = new World(prng);
    const marks = new Marks();
    const trace = new Trace(this.#world, keepLines);
    const violations = new Violations(() => this.#world.now);
    this.#trace = trace;
    this.#violations = violations;
    this.#store = prng.fork("store").chance(0.2) ? "sqlite" : "memory";
    const calendar = createCalendar();
    const partitions = prng.fork("partitions").pick([1, 2, 4]);
    const disk =
      this.#store === "memory"
        ? new MemoryStore(new Disk(partitions))
        : SqliteStore.openInline(":memory:", { partitions });
    this.#parts = {
      seed,
      world: this.#world,
      prng,
      trace,
      marks,
      violations,
      shadow: new Shadow({ partitions, calendar, violations, marks, trace, verbose }),
      ledger: new Ledger(),
      disk: bug.disk?.(disk) ?? disk,
      calendar,
      bug,
      mix: () => this.#mix,
    };
  }

  run(): Report {
    const parts = this.#parts;
    const cluster = new Cluster(parts, this.#shape());
    const chaosMs = this.#prng.fork("chaos").between(2_000, 15_000);
    cluster.start();
    new Nemesis(parts, cluster).start();
    new Customers(parts, cluster, this.#record).start(
      this.#prng.fork("customers").between(1, 6),
      chaosMs,
    );
    const passersBy = new PassersBy(parts, cluster, this.#record);
    passersBy.start();
    this.#runUntil(() => false, chaosMs);
    this.#trace.note("world", "heals");
    this.#mix = noFaults;
    for (const { process } of cluster.nodes) process.clockOffsetMs = 0;
    passersBy.stop();
    new Caretaker(parts, cluster, this.#record).start();
    const hasConverged = this.#runUntil(() => this.#isOver(), chaosMs + HEAL_MS);
    this.#trace.note("world", hasConverged ? "is at rest" : "is not at rest");
    cluster.stop();
    this.#conclude(hasConverged);
    return this.#report();
  }

  #runUntil(done: () => boolean, deadlineMs: number): boolean {
    const stop = (): boolean =>
      this.#violations.found.length > 0 || this.#world.events > MAX_EVENTS || done();
    return this.#world.runUntil(stop, deadlineMs);
  }

  /** All calls answered and all runs closed, those that wait under a key included. */
  #isOver(): boolean {
    if (this.#record.open > 0) return false;
    return !this.#parts.shadow.hasOpenWork();
  }

  #conclude(hasConverged: boolean): void {
    const { shadow, ledger } = this.#parts;
    if (this.#violations.found.length > 0) return;
    if (!hasConverged || !this.#isOver()) {
      this.#violations.report("liveness", `not everything ended: ${shadow.describeOpenWork()}`);
      return;
    }
    checkResults(shadow, this.#record, this.#violations);
    checkEffects(shadow, ledger, this.#violations);
    checkCounters(shadow, this.#violations);
    checkReplays(this.#parts);
  }

  /** Small caches and few slots make cold reloads and evictions common. */
  #shape(): ClusterShape {
    const prng = this.#prng.fork("shape");
    return {
      workers: prng.between(1, 3),
      node: {
        liveStreams: prng.pick([2, 8, 10_000]),
        idleMs: prng.pick([100, 1_000, 60_000]),
        commitsInFlight: prng.pick([1, 2, 2, 4]),
        pruneEveryMs: prng.pick([200, 60_000]),
      },
      worker: {
        taskSlots: prng.pick([1, 2, 10]),
        runSlots: prng.pick([1, 2, 100]),
        leaseMs: prng.pick([1_000, 3_000]),
        terms: drawTerms(this.#prng.fork("terms")),
      },
    };
  }

  #report(): Report {
    const { marks, shadow, disk } = this.#parts;
    void disk.close();
    marks.hit(`store: ${this.#store}`);
    return {
      seed: this.#seed,
      faults: describeFaults(this.#drawn),
      store: this.#store,
      violations: this.#violations.found,
      hash: this.#trace.hash,
      events: this.#world.events,
      virtualMs: this.#world.now,
      runs: shadow.runs().length,
      marks,
      lines: this.#trace.lines,
    };
  }
}

/** One version for all of a seed's workers: a run pinned to another would wait for a person. */
function drawTerms(prng: Prng): Terms {
  return {
    ...(prng.chance(0.3) ? { concurrency: prng.between(1, 2) } : {}),
    ...(prng.chance(0.3) ? { rate: { perSecond: prng.pick([2, 20]), burst: 1 } } : {}),
    ...(prng.chance(0.3) ? { version: "v1", versioning: prng.pick(["move", "pin"]) } : {}),
  };
}
