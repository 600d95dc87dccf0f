/**
 * One seed: a world, a cluster in it, and what happens to them.
 *
 * Two phases. At first anything of the seed's mix may fail. Then the world heals, and every run
 * must come to the end that its program says, within bounded virtual time.
 */
import { createCalendar } from "@perdure/engine";
import { Disk, MemoryStore, type Store } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import { noBug, type Bug, type Planted } from "./bugs/bug.ts";
import { checkCounters } from "./checks/counters.ts";
import { checkEffects } from "./checks/effects.ts";
import { checkReplays } from "./checks/replays.ts";
import { checkResults } from "./checks/results.ts";
import { Shadow } from "./checks/shadow.ts";
import { Violations, type Violation } from "./checks/violations.ts";
import { Cluster } from "./cluster/cluster.ts";
import type { Parts } from "./cluster/parts.ts";
import { Deeds } from "./faults/deeds.ts";
import {
  delays,
  describeFaults,
  drawFaults,
  faults,
  noFaults,
  without,
  type FaultMix,
  type Style,
} from "./faults/mix.ts";
import { Nemesis } from "./faults/nemesis.ts";
import { Caretaker } from "./load/caretaker.ts";
import { Customers } from "./load/customers.ts";
import { PassersBy } from "./load/passers-by.ts";
import { LoadRecord } from "./load/record.ts";
import { Ledger } from "./programs/ledger.ts";
import type { Program } from "./programs/program.ts";
import { NodeSituations } from "./reached/node-situations.ts";
import { NetNemesis } from "./remote/net-nemesis.ts";
import { drawSetting, simplifications, type Setting } from "./setting.ts";
import type { Overrides } from "./shrink/overrides.ts";
import { Marks } from "./world/marks.ts";
import { Prng } from "./world/prng.ts";
import { Trace, type TraceLine } from "./world/trace.ts";
import { World } from "./world/world.ts";

/** Virtual time in which everything must have ended after the world has healed. */
const HEAL_MS = 7_200_000;
const MAX_EVENTS = 1_000_000;
const FAR_OFF_MS = 60_000;
/** More at one moment is a loop without a pause. */
const MAX_EVENTS_NOW = 20_000;

export interface SimulationOptions {
  readonly seed: number;
  readonly bug?: Bug;
  /** Leaves something of the seed out. */
  readonly overrides?: Overrides;
  /** After so many it counts as never at rest. */
  readonly maxEvents?: number;
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
  /** What disturbed, by name and in order. */
  readonly deeds: readonly string[];
  /** What customers started. */
  readonly programs: readonly Program[];
  readonly chaosMs: number;
  readonly marks: Marks;
  readonly lines: readonly TraceLine[];
}

/** To be called from a macrotask: see `world/drain.ts`. */
export function simulate(options: SimulationOptions): Report {
  const planted = (options.bug ?? noBug).plant();
  const { stackTraceLimit } = Error;
  // Errors are made all the time, and only who replays a seed reads where.
  Error.stackTraceLimit = options.verbose === true ? stackTraceLimit : 0;
  try {
    return new Simulation(options, planted).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    planted.remove?.();
  }
}

class Simulation {
  readonly #seed: number;
  readonly #style: Style;
  readonly #drawn: FaultMix;
  readonly #setting: Setting;
  readonly #overrides: Overrides;
  readonly #world: World;
  readonly #trace: Trace;
  readonly #violations: Violations;
  readonly #record = new LoadRecord();
  readonly #parts: Parts;
  readonly #maxEvents: number;
  readonly #onceHealed: (() => void)[] = [];
  #mix: FaultMix;

  constructor(options: SimulationOptions, bug: Planted) {
    const { seed, keepLines = 300, verbose = false, overrides = {} } = options;
    this.#seed = seed;
    this.#overrides = overrides;
    const prng = new Prng(seed);
    const { style, mix } = drawFaults(prng.fork("faults"), overrides.style);
    this.#style = style;
    this.#drawn = mix;
    // Where a fault is a deed it is left out as one, so that all draws stay as they are.
    const off = overrides.off?.filter((name) => (delays as readonly string[]).includes(name));
    this.#mix = without(this.#drawn, off ?? []);
    this.#world = new World(prng, overrides.turns);
    this.#maxEvents = options.maxEvents ?? MAX_EVENTS;
    const marks = new Marks();
    marks.hit(`faults: ${style}`);
    const trace = new Trace(this.#world, keepLines);
    const violations = new Violations(() => this.#world.now);
    this.#trace = trace;
    this.#violations = violations;
    this.#setting = (overrides.plain ?? []).reduce<Setting>(
      (setting, name) => simplifications[name](setting),
      drawSetting(prng, overrides.workers),
    );
    const { partitions } = this.#setting;
    const calendar = createCalendar();
    this.#parts = {
      seed,
      world: this.#world,
      prng,
      trace,
      marks,
      nodes: new NodeSituations(marks),
      hasLeases: this.#setting.cluster.nodes > 0,
      deeds: new Deeds(overrides),
      violations,
      shadow: new Shadow({ partitions, calendar, violations, marks, trace, verbose }),
      ledger: new Ledger(),
      disks: disksOf(this.#setting).map((disk) => bug.disk?.(disk) ?? disk),
      calendar,
      bug,
      mix: () => this.#mix,
      onceHealed: (call) => void this.#onceHealed.push(call),
    };
  }

  run(): Report {
    const parts = this.#parts;
    const { cluster: shape, customers } = this.#setting;
    const { chaosMs, programs } = { chaosMs: this.#setting.chaosMs, ...this.#overrides };
    const cluster = new Cluster(parts, shape);
    cluster.start();
    new Nemesis(parts, cluster).start();
    if (shape.kinds !== "link") new NetNemesis(parts, cluster.net).start();
    const spreadMs = this.#setting.chaosMs;
    const isNew = this.#style !== "many";
    const demand = { customers, spreadMs, programs, mayName: isNew };
    new Customers(parts, cluster, this.#record).start(demand);
    new PassersBy(parts, cluster, this.#record, isNew).start();
    this.#runUntil(() => false, chaosMs);
    this.#trace.note("world", "heals");
    this.#mix = noFaults;
    setClocks(cluster, this.#parts.prng.fork("clocks"));
    for (const call of this.#onceHealed) call();
    new Caretaker(parts, cluster, this.#record).start();
    const hasConverged = this.#runUntil(
      () => this.#isOver(),
      chaosMs + (this.#overrides.healMs ?? HEAL_MS),
    );
    this.#trace.note("world", hasConverged ? "is at rest" : "is not at rest");
    cluster.stop();
    this.#conclude(hasConverged);
    return this.#report();
  }

  #runUntil(done: () => boolean, deadlineMs: number): boolean {
    const stop = (): boolean => {
      if (this.#world.eventsNow > MAX_EVENTS_NOW) {
        const text = `time stands still: ${MAX_EVENTS_NOW} events at one moment`;
        this.#violations.report("liveness", text);
      }
      return this.#violations.found.length > 0 || this.#world.events > this.#maxEvents || done();
    };
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
      const calls = `${this.#record.open} calls are not answered`;
      const open = shadow.describeOpenWork();
      this.#violations.report("liveness", `not everything ended: ${calls}${open}`);
      return;
    }
    checkResults(shadow, this.#record, this.#violations);
    checkEffects(shadow, ledger, this.#violations);
    checkCounters(shadow, this.#violations);
    checkReplays(this.#parts);
  }

  /** Kinds that were left out, also one deed after the other. */
  #leftOut(): readonly string[] {
    const { off = [], only } = this.#overrides;
    if (only === undefined) return off;
    const done = new Set<string>(only.map((name) => name.slice(0, name.indexOf("#"))));
    return [...off, ...faults.filter((name) => !done.has(name) && !delays.includes(name))];
  }

  #report(): Report {
    const { marks, shadow, disks, deeds } = this.#parts;
    for (const disk of disks) void disk.close();
    const { store, databases, chaosMs, cluster } = this.#setting;
    marks.hit(`store: ${store}`);
    if (databases > 1) marks.hit("databases: several");
    marks.hit(`seeds: ${cluster.kinds}`);
    return {
      seed: this.#seed,
      faults: describeFaults(without(this.#drawn, this.#leftOut())),
      store: databases > 1 ? `${store} in ${databases} databases` : store,
      violations: this.#violations.found,
      hash: this.#trace.hash,
      events: this.#world.events,
      virtualMs: this.#world.now,
      runs: shadow.runs().length,
      deeds: deeds.done,
      programs: this.#record.started,
      chaosMs: this.#overrides.chaosMs ?? chaosMs,
      marks,
      lines: this.#trace.lines,
    };
  }
}

function disksOf({ store, partitions, databases }: Setting): readonly Store[] {
  return Array.from({ length: databases }, () =>
    store === "memory"
      ? new MemoryStore(new Disk(partitions))
      : SqliteStore.openInline(":memory:", { partitions }),
  );
}

/**
 * Whoever finds a clock far off sets it and, nearly always, starts the node again: where it runs
 * on, what it armed by the old time may ring minutes late.
 */
function setClocks(cluster: Cluster, prng: Prng): void {
  for (const node of cluster.nodes) {
    const isFarOff = Math.abs(node.process.clockOffsetMs) >= FAR_OFF_MS;
    node.process.clockOffsetMs = 0;
    if (isFarOff && prng.chance(0.9)) cluster.fleet.crash(node);
  }
}
