/** Clients that only look: what they are told must be what is on disk. */
import type { RunEvent, RunId } from "@perdure/kernel";
import type { ShadowRun } from "../checks/shadow.ts";
import type { Parts } from "../cluster/parts.ts";
import { errandKey, errandModes, namespace } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import type { Caller } from "./caller.ts";

type Look = (run: ShadowRun) => Promise<void>;

const WATCH_MS = 1_000;

export class Readers {
  readonly #parts: Parts;
  readonly #caller: Caller;
  readonly #prng: Prng;
  readonly #looks: readonly (readonly [name: string, look: Look])[];

  constructor(parts: Parts, caller: Caller) {
    this.#parts = parts;
    this.#caller = caller;
    this.#prng = parts.prng.fork("readers");
    this.#looks = [
      ["journal", (run) => this.#journal(run)],
      ["watch", (run) => this.#watch(run)],
      ["describe", (run) => this.#describe(run)],
      ["lookup", () => this.#lookup()],
      ["whyKey", () => this.#whyKey()],
      ["lists", () => this.#lists()],
    ];
  }

  async look(): Promise<void> {
    const runs = this.#parts.shadow.runs();
    if (runs.length === 0) return;
    const [name, look] = this.#prng.pick(this.#looks);
    await look(this.#prng.pick(runs));
    this.#parts.marks.hit(`client: looked by ${name}`);
  }

  async #journal({ runId }: ShadowRun): Promise<void> {
    const from = this.#prng.chance(0.5) ? 1 : this.#prng.between(1, 10);
    const events = await this.#caller.call((client) => client.journal(runId, from));
    this.#checkSeen(runId, events);
    if (events.length > 0 && events[0]?.seq !== from) {
      this.#report("2", `the journal of ${runId} from ${from} on begins at ${events[0]?.seq}`);
    }
  }

  async #watch({ runId }: ShadowRun): Promise<void> {
    const stop = await this.#caller.call((client) =>
      Promise.resolve(client.watch(runId, (events) => this.#checkSeen(runId, events))),
    );
    await this.#caller.process.sleep(WATCH_MS);
    stop();
  }

  async #describe({ runId }: ShadowRun): Promise<void> {
    const { seq, outcome } = await this.#caller.call((client) => client.describe(runId));
    const kept = this.#parts.shadow.run(runId)?.state;
    if (kept === undefined) return;
    if (seq > kept.seq) this.#report("1", `${runId} is said to be at ${seq}, it is at ${kept.seq}`);
    if (outcome !== undefined && outcome.status !== kept.outcome?.status) {
      this.#report("1", `${runId} is said to be ${outcome.status}, and is not`);
    }
  }

  async #lookup(): Promise<void> {
    const id = errandKey(this.#prng.pick(errandModes));
    const key = { namespace, kind: "workflow", id };
    const runId = await this.#caller.call((client) => client.lookup(key));
    if (runId === undefined || this.#parts.shadow.isStarted(runId)) return;
    this.#report("1", `${id} is said to be had by ${runId}, which is not on disk`);
  }

  async #whyKey(): Promise<void> {
    const id = errandKey(this.#prng.pick(errandModes));
    const key = { namespace, kind: "workflow", id };
    const { summary } = await this.#caller.call((client) => client.whyKey(key));
    if (summary === "") this.#report("8", `why has no answer for the key ${id}`);
  }

  async #lists(): Promise<void> {
    await this.#caller.call((client) => client.count({ namespace }));
    await this.#caller.call((client) => client.versions(namespace));
    await this.#caller.call((client) => client.workers(namespace));
    const { schedules } = await this.#caller.call((client) => client.listSchedules(namespace));
    const [schedule] = schedules;
    if (schedule === undefined) return;
    const { id } = schedule.spec;
    const { summary } = await this.#caller.call((client) => client.whySchedule(namespace, id));
    if (summary === "") this.#report("8", `why has no answer for the schedule ${id}`);
  }

  /** Invariant 1: whoever is shown an event is shown the one on disk. */
  #checkSeen(runId: RunId, events: readonly RunEvent[]): void {
    const journal = this.#parts.shadow.run(runId)?.events ?? [];
    const wrong = events.find(({ seq, kind, at }) => {
      const kept = journal[seq - 1];
      return kept?.kind !== kind || kept.at !== at;
    });
    if (wrong === undefined) return;
    this.#report("1", `a client was shown ${wrong.kind} ${wrong.seq} of ${runId}, not on disk`);
  }

  #report(invariant: string, text: string): void {
    this.#parts.violations.report(invariant, text);
  }
}
