/** Clients that only look: what they are told must be what is on disk. */
import type { RunEvent, RunId } from "@perdure/kernel";
import type { ShadowRun } from "../checks/shadow.ts";
import { errandKey, errandModes, namespace } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import type { Deed, Visit } from "./visit.ts";

type Look = (run: ShadowRun, prng: Prng) => Promise<void>;

const WATCH_MS = 3_000;

export class Readers {
  readonly #visit: Visit;
  readonly #looks: readonly (readonly [name: string, look: Look])[];

  constructor(visit: Visit) {
    this.#visit = visit;
    this.#looks = [
      ["journal", (run, prng) => this.#journal(run, prng)],
      ["watch", (run, prng) => this.#watch(run, prng)],
      ["describe", (run) => this.#describe(run)],
      ["lookup", (_run, prng) => this.#lookup(prng)],
      ["whyKey", (_run, prng) => this.#whyKey(prng)],
      ["lists", () => this.#lists()],
    ];
  }

  readonly look: Deed = async (prng) => {
    const run = this.#visit.pick(prng, () => true);
    if (run === undefined) return;
    const [name, look] = prng.pick(this.#looks);
    await look(run, prng);
    this.#visit.parts.marks.hit(`client: looked by ${name}`);
  };

  async #journal({ runId }: ShadowRun, prng: Prng): Promise<void> {
    const from = prng.chance(0.5) ? 1 : prng.between(1, 10);
    const before = this.#durable(runId);
    const events = await this.#visit.ask((client) => client.journal(runId, from));
    this.#checkSeen(runId, events);
    this.#checkFresh(runId, events.at(-1)?.seq ?? from - 1, before);
    if (events.length > 0 && events[0]?.seq !== from) {
      this.#visit.report(
        "2",
        `the journal of ${runId} from ${from} on begins at ${events[0]?.seq}`,
      );
    }
  }

  /** One that goes on, if there is one: of the others there is nothing to see. */
  async #watch(any: ShadowRun, prng: Prng): Promise<void> {
    const { runId } = this.#visit.pick(prng, ({ state }) => state.outcome === undefined) ?? any;
    const stop = await this.#visit.ask((client) =>
      Promise.resolve(client.watch(runId, this.#watcherOf(runId))),
    );
    await this.#visit.caller.process.sleep(WATCH_MS);
    stop();
  }

  /** Nothing is missing from what it is shown, and nothing comes twice. */
  #watcherOf(runId: RunId): (events: readonly RunEvent[]) => void {
    let last: number | undefined;
    return (events) => {
      this.#checkSeen(runId, events);
      for (const { seq } of events) {
        if (last !== undefined && seq !== last + 1) {
          this.#visit.report("2", `whoever watches ${runId} was shown ${seq} after ${last}`);
        }
        last = seq;
      }
    };
  }

  async #describe({ runId }: ShadowRun): Promise<void> {
    const before = this.#durable(runId);
    const { seq, outcome } = await this.#visit.ask((client) => client.describe(runId));
    const kept = this.#visit.parts.shadow.run(runId)?.state;
    if (kept === undefined) return;
    this.#checkFresh(runId, seq, before);
    if (seq > kept.seq)
      this.#visit.report("1", `${runId} is said to be at ${seq}, it is at ${kept.seq}`);
    if (outcome !== undefined && outcome.status !== kept.outcome?.status) {
      this.#visit.report("1", `${runId} is said to be ${outcome.status}, and is not`);
    }
  }

  async #lookup(prng: Prng): Promise<void> {
    const id = errandKey(prng.pick(errandModes));
    const key = { namespace, kind: "workflow", id };
    const runId = await this.#visit.ask((client) => client.lookup(key));
    if (runId === undefined || this.#visit.parts.shadow.isStarted(runId)) return;
    this.#visit.report("1", `${id} is said to be had by ${runId}, which is not on disk`);
  }

  async #whyKey(prng: Prng): Promise<void> {
    const id = errandKey(prng.pick(errandModes));
    const key = { namespace, kind: "workflow", id };
    const { summary } = await this.#visit.ask((client) => client.whyKey(key));
    if (summary === "") this.#visit.report("8", `why has no answer for the key ${id}`);
  }

  async #lists(): Promise<void> {
    await this.#visit.ask((client) => client.count({ namespace }));
    await this.#visit.ask((client) => client.versions(namespace));
    await this.#visit.ask((client) => client.workers(namespace));
    const { schedules } = await this.#visit.ask((client) => client.listSchedules(namespace));
    const [schedule] = schedules;
    if (schedule === undefined) return;
    const { id } = schedule.spec;
    const { summary } = await this.#visit.ask((client) => client.whySchedule(namespace, id));
    if (summary === "") this.#visit.report("8", `why has no answer for the schedule ${id}`);
  }

  #durable(runId: RunId): number {
    return this.#visit.parts.shadow.run(runId)?.state.seq ?? 0;
  }

  /** Among nodes with leases whoever answers for a run has it to himself (B2). */
  #checkFresh(runId: RunId, seq: number, before: number): void {
    if (!this.#visit.parts.hasLeases || seq >= before) return;
    this.#visit.report("B2", `${runId} is said to be at ${seq}, it was at ${before} before`);
  }

  /** Invariant 1: whoever is shown an event is shown the one on disk. */
  #checkSeen(runId: RunId, events: readonly RunEvent[]): void {
    const journal = this.#visit.parts.shadow.run(runId)?.events ?? [];
    const wrong = events.find(({ seq, kind, at }) => {
      const kept = journal[seq - 1];
      return kept?.kind !== kind || kept.at !== at;
    });
    if (wrong === undefined) return;
    this.#visit.report(
      "1",
      `a client was shown ${wrong.kind} ${wrong.seq} of ${runId}, not on disk`,
    );
  }
}
