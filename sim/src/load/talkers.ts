/** Clients that talk to runs: signals, updates, queries, events, and questions why. */
import { colors, events } from "../programs/generate.ts";
import { namespace } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import { payloadOf, valueOf } from "./payloads.ts";
import type { Deed, Visit } from "./visit.ts";

export class Talkers {
  readonly #visit: Visit;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  readonly signal: Deed = async (prng, id) => {
    const run = this.#visit.openMain(prng);
    if (run === undefined) return;
    const name = prng.pick(["go", "stop"]);
    this.#visit.record.signal(name, id);
    const signal = { name, id, payload: payloadOf(id) };
    await this.#visit.ask((client) => client.signal({ runId: run.runId }, signal));
    const journal = this.#visit.parts.shadow.run(run.runId)?.events ?? [];
    if (journal.some((event) => event.kind === "signal.received" && event.id === id)) return;
    this.#visit.report("1", `the signal ${id} was acknowledged and is not on disk`);
  };

  readonly update: Deed = async (prng, name) => {
    const run = this.#visit.openMain(prng);
    if (run === undefined) return;
    const { runId } = run;
    const refused = prng.chance(0.2);
    const id = name + (refused ? "!" : "");
    await this.#visit.ask((client) => client.update({ runId }, "bump", payloadOf(id), id));
    if (refused) this.#visit.report("client", `the update ${id} had to be refused`);
    const journal = this.#visit.parts.shadow.run(runId)?.events ?? [];
    this.#visit.record.updates.push({ runId, id });
    if (journal.some((event) => event.kind === "update.completed" && event.id === id)) return;
    this.#visit.report("1", `the update ${id} was acknowledged and is not on disk`);
  };

  readonly query: Deed = async (prng) => {
    const run = this.#visit.openMain(prng);
    if (run === undefined) return;
    const answer = await this.#visit.ask((client) =>
      client.query({ runId: run.runId }, "bumps", payloadOf(null)),
    );
    this.#visit.parts.marks.hit("seen: a query answered");
    if (typeof valueOf(answer) === "number") return;
    this.#visit.report("client", `a query was answered with ${String(valueOf(answer))}`);
  };

  readonly publish: Deed = async (prng: Prng, id) => {
    const event = prng.pick(events);
    const color = prng.pick(colors);
    const body = { id, payload: payloadOf({ color, from: id }), data: { color } };
    await this.#visit.ask((client) => client.publish(namespace, event, body));
  };

  readonly why: Deed = async (prng) => {
    const run = this.#visit.pick(prng, ({ state }) => !state.outcome);
    if (run === undefined) return;
    const answer = await this.#visit.ask((client) => client.why(run.runId));
    if (answer.summary !== "") return;
    this.#visit.report("8", `why has no answer for ${run.runId}`);
  };

  readonly list: Deed = async () => {
    await this.#visit.ask((client) => client.list({ namespace, limit: 10 }));
  };
}
