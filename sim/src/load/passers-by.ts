/**
 * Clients that disturb, at random moments: they talk to runs, interfere with them, meet under keys,
 * look, and plan. Each seed has some of them only.
 */
import { PerdureError } from "@perdure/kernel";
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Prng } from "../world/prng.ts";
import { Process } from "../world/process.ts";
import { Caller } from "./caller.ts";
import { Errands } from "./errands.ts";
import { Operators } from "./operators.ts";
import { Planners } from "./planners.ts";
import { Readers } from "./readers.ts";
import type { LoadRecord } from "./record.ts";
import { Talkers } from "./talkers.ts";
import { Visit, type Deed } from "./visit.ts";

const EVERY_MS = 250;
/** The part of the habits that some seeds do without. */
const ABSENT = 0.3;

interface Habit {
  readonly kind: string;
  /** Times a second. */
  readonly rate: () => number;
  readonly deed: Deed;
}

export class PassersBy {
  readonly #parts: Parts;
  readonly #record: LoadRecord;
  /** When they come, and nothing else. */
  readonly #moments: Prng;
  readonly #prng: Prng;
  readonly #habits: readonly Habit[];
  #isDone = false;

  /** `isPartial`: without some of the habits. */
  constructor(parts: Parts, cluster: Cluster, record: LoadRecord, isPartial: boolean) {
    this.#parts = parts;
    this.#record = record;
    this.#prng = parts.prng.fork("passers-by");
    this.#moments = this.#prng.fork("moments");
    const process = new Process(parts.world, "passers-by", parts.prng, () => undefined);
    const visit = new Visit(parts, record, new Caller(parts, cluster, process));
    const absent = this.#prng.fork("absent");
    this.#habits = habits(parts, visit).filter(() => !isPartial || !absent.chance(ABSENT));
  }

  start(): void {
    this.#parts.onceHealed(() => (this.#isDone = true));
    this.#comeLater();
  }

  #comeLater(): void {
    this.#parts.world.after(EVERY_MS, () => {
      if (this.#isDone) return;
      for (const { kind, rate, deed } of this.#habits) {
        if (this.#moments.chance((rate() * EVERY_MS) / 1_000)) this.#come(kind, deed);
      }
      this.#comeLater();
    });
  }

  /** What a client is refused is no violation; what it is told wrongly is reported where it is. */
  #come(kind: string, deed: Deed): void {
    const name = this.#parts.deeds.next(kind);
    if (name === undefined) return;
    this.#record.open += 1;
    deed(this.#prng.fork(name), name.replace("#", "-"))
      .catch((error: unknown) => {
        if (error instanceof PerdureError && error.code !== "internal") {
          return this.#parts.marks.hit(`client: refused as ${error.code}`);
        }
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#parts.violations.report("client", text);
      })
      .finally(() => {
        this.#record.open -= 1;
      });
  }
}

function habits({ mix }: Parts, visit: Visit): readonly Habit[] {
  const talkers = new Talkers(visit);
  const operators = new Operators(visit);
  const planners = new Planners(visit);
  const errands = new Errands(visit);
  const readers = new Readers(visit);
  return [
    { kind: "signal", rate: () => 1.5, deed: talkers.signal },
    { kind: "update", rate: () => 0.4, deed: talkers.update },
    { kind: "query", rate: () => 0.4, deed: talkers.query },
    { kind: "publish", rate: () => 0.8, deed: talkers.publish },
    { kind: "why", rate: () => 0.3, deed: talkers.why },
    { kind: "list", rate: () => 0.3, deed: talkers.list },
    { kind: "cancel", rate: () => mix().cancel, deed: operators.cancel },
    { kind: "terminate", rate: () => mix().terminate, deed: operators.terminate },
    { kind: "pause", rate: () => mix().pause, deed: operators.pause },
    { kind: "resume", rate: () => mix().pause, deed: operators.resume },
    { kind: "fork", rate: () => mix().fork, deed: operators.fork },
    { kind: "schedule", rate: () => 0.2, deed: planners.schedule },
    { kind: "trigger", rate: () => 0.1, deed: planners.trigger },
    { kind: "errand", rate: () => 0.5, deed: errands.send },
    { kind: "look", rate: () => 0.5, deed: readers.look },
  ];
}
