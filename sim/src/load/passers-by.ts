/**
 * Clients that disturb: signals, updates, queries and events at random moments, operators who
 * cancel, terminate, pause, resume and fork, and schedules that come and go.
 */
import { PerdureError, type RunId } from "@perdure/kernel";
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import type { ShadowRun } from "../checks/shadow.ts";
import { colors, events } from "../programs/generate.ts";
import type { Prng } from "../world/prng.ts";
import { Process } from "../world/process.ts";
import { Caller, type Ask } from "./caller.ts";
import { namespace, queue } from "../programs/place.ts";
import { Errands } from "./errands.ts";
import { payloadOf, valueOf } from "./payloads.ts";
import { Readers } from "./readers.ts";
import type { LoadRecord } from "./record.ts";

const EVERY_MS = 250;

export class PassersBy {
  readonly #parts: Parts;
  readonly #record: LoadRecord;
  readonly #prng: Prng;
  readonly #caller: Caller;
  readonly #deeds: readonly (readonly [rate: () => number, deed: () => Promise<void>])[];
  #deedsDone = 0;
  #isDone = false;

  constructor(parts: Parts, cluster: Cluster, record: LoadRecord) {
    this.#parts = parts;
    this.#record = record;
    this.#prng = parts.prng.fork("passers-by");
    const process = new Process(parts.world, "passers-by", parts.prng, () => undefined);
    this.#caller = new Caller(parts, cluster, process);
    const { mix } = parts;
    const errands = new Errands(parts, this.#caller);
    const readers = new Readers(parts, this.#caller);
    this.#deeds = [
      [() => 1.5, () => this.#signal()],
      [() => 0.4, () => this.#update()],
      [() => 0.4, () => this.#query()],
      [() => 0.8, () => this.#publish()],
      [() => 0.3, () => this.#why()],
      [() => 0.3, () => this.#list()],
      [() => mix().cancel, () => this.#cancel()],
      [() => mix().terminate, () => this.#terminate()],
      [() => mix().pause, () => this.#pause()],
      [() => mix().pause, () => this.#resume()],
      [() => mix().fork, () => this.#fork()],
      [() => 0.2, () => this.#schedule()],
      [() => 0.1, () => this.#trigger()],
      [() => 0.5, () => errands.send(this.#next("errand"))],
      [() => 0.5, () => readers.look()],
    ];
  }

  start(): void {
    this.#parts.world.after(EVERY_MS, () => {
      if (this.#isDone) return;
      for (const [rate, deed] of this.#deeds) {
        if (this.#prng.chance((rate() * EVERY_MS) / 1_000)) this.#run(deed);
      }
      this.start();
    });
  }

  stop(): void {
    this.#isDone = true;
  }

  /** What a client is refused is no violation; what it is told wrongly is reported where it is. */
  #run(deed: () => Promise<void>): void {
    this.#record.open += 1;
    deed()
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

  #ask<T>(ask: Ask<T>): Promise<T> {
    return this.#caller.call(ask);
  }

  #pick(isWanted: (run: ShadowRun) => boolean): ShadowRun | undefined {
    const runs = this.#parts.shadow.runs().filter(isWanted);
    return runs.length === 0 ? undefined : this.#prng.pick(runs);
  }

  #openMain(): ShadowRun | undefined {
    return this.#pick(({ state }) => !state.outcome && state.spec?.workflow === "main");
  }

  #next(what: string): string {
    this.#deedsDone += 1;
    return `${what}-${this.#deedsDone}`;
  }

  async #signal(): Promise<void> {
    const run = this.#openMain();
    if (run === undefined) return;
    const name = this.#prng.pick(["go", "stop"]);
    const id = this.#next("signal");
    this.#record.signal(name, id);
    const signal = { name, id, payload: payloadOf(id) };
    await this.#ask((client) => client.signal({ runId: run.runId }, signal));
    const journal = this.#parts.shadow.run(run.runId)?.events ?? [];
    if (journal.some((event) => event.kind === "signal.received" && event.id === id)) return;
    this.#parts.violations.report("1", `the signal ${id} was acknowledged and is not on disk`);
  }

  async #update(): Promise<void> {
    const run = this.#openMain();
    if (run === undefined) return;
    const refused = this.#prng.chance(0.2);
    const id = this.#next("update") + (refused ? "!" : "");
    await this.#ask((client) => client.update({ runId: run.runId }, "bump", payloadOf(id), id));
    if (refused) this.#parts.violations.report("client", `the update ${id} had to be refused`);
    const journal = this.#parts.shadow.run(run.runId)?.events ?? [];
    this.#record.updates.push({ runId: run.runId, id });
    if (journal.some((event) => event.kind === "update.completed" && event.id === id)) return;
    this.#parts.violations.report("1", `the update ${id} was acknowledged and is not on disk`);
  }

  async #query(): Promise<void> {
    const run = this.#openMain();
    if (run === undefined) return;
    const answer = await this.#ask((client) =>
      client.query({ runId: run.runId }, "bumps", payloadOf(null)),
    );
    this.#parts.marks.hit("seen: a query answered");
    if (typeof valueOf(answer) === "number") return;
    this.#parts.violations.report("client", `a query was answered with ${String(valueOf(answer))}`);
  }

  async #publish(): Promise<void> {
    const event = this.#prng.pick(events);
    const color = this.#prng.pick(colors);
    const id = this.#next("event");
    const body = { id, payload: payloadOf({ color, from: id }), data: { color } };
    await this.#ask((client) => client.publish(namespace, event, body));
  }

  async #why(): Promise<void> {
    const run = this.#pick(({ state }) => !state.outcome);
    if (run === undefined) return;
    const answer = await this.#ask((client) => client.why(run.runId));
    if (answer.summary !== "") return;
    this.#parts.violations.report("8", `why has no answer for ${run.runId}`);
  }

  async #list(): Promise<void> {
    await this.#ask((client) => client.list({ namespace, limit: 10 }));
  }

  async #cancel(): Promise<void> {
    const run = this.#openMain();
    if (run === undefined) return;
    this.#record.cancelled.add(run.runId);
    this.#parts.marks.hit("fault: cancel");
    await this.#ask((client) => client.cancel({ runId: run.runId }, "the simulator says so"));
    const state = this.#parts.shadow.run(run.runId)?.state;
    if (state?.outcome !== undefined || state?.cancelRequestedAt !== undefined) return;
    this.#parts.violations.report("1", `a cancel of ${run.runId} was acknowledged too early`);
  }

  async #terminate(): Promise<void> {
    const run = this.#pick(({ state }) => !state.outcome);
    if (run === undefined) return;
    this.#record.terminated.add(run.runId);
    this.#parts.marks.hit("fault: terminate");
    await this.#ask((client) => client.terminate(run.runId, "the simulator says so"));
    if (this.#parts.shadow.run(run.runId)?.state.outcome !== undefined) return;
    this.#parts.violations.report("1", `the end of ${run.runId} was acknowledged too early`);
  }

  async #pause(): Promise<void> {
    const run = this.#openMain();
    if (run === undefined) return;
    this.#parts.marks.hit("fault: pause");
    await this.#ask((client) => client.pause(run.runId));
  }

  async #resume(): Promise<void> {
    const run = this.#pick(({ state }) => !state.outcome && state.paused !== undefined);
    if (run === undefined) return;
    await this.#ask((client) => client.resume(run.runId));
  }

  async #fork(): Promise<void> {
    const run = this.#pick(({ state }) => state.spec?.workflow === "main" && state.seq > 2);
    if (run === undefined) return;
    const last = run.events.length - (run.state.outcome ? 1 : 0);
    const at = this.#prng.between(1, last);
    this.#parts.marks.hit("fault: fork");
    const { runId } = await this.#ask((client) => client.fork({ runId: run.runId, at }));
    this.#checkFork(run.runId, runId, at);
  }

  #checkFork(from: RunId, runId: RunId, at: number): void {
    const { shadow, violations } = this.#parts;
    this.#record.forks.add(runId);
    const fork = shadow.run(runId);
    const kinds = (run: ShadowRun | undefined): string =>
      (run?.events ?? [])
        .slice(0, at)
        .map((event) => `${event.seq} ${event.at} ${event.kind}`)
        .join("\n");
    if (fork === undefined) violations.report("1", `the fork ${runId} was acknowledged too early`);
    else if (kinds(fork) !== kinds(shadow.run(from))) {
      violations.report("2", `the fork ${runId} does not begin with the prefix of ${from}`);
    }
  }

  /** Comes, ticks a few times, and goes. */
  async #schedule(): Promise<void> {
    const id = this.#next("schedule");
    const prng = this.#prng.fork(id);
    const spec = {
      namespace,
      id,
      when: [{ type: "interval", everyMs: prng.pick([1_000, 2_000]) } as const],
      policy: {
        overlap: prng.pick([
          "skip",
          "bufferOne",
          "bufferAll",
          "cancelOther",
          "terminateOther",
          "allowAll",
        ] as const),
        catchUpMs: prng.pick([0, 10_000]),
        jitterMs: prng.pick([0, 50]),
        pauseOnFailure: prng.chance(0.3),
      },
      remaining: prng.between(1, 5),
      workflow: "tick",
      queue,
      input: payloadOf({ ms: prng.pick([0, 300, 2_500, 5_000]), fails: prng.chance(0.2) }),
    };
    const { process } = this.#caller;
    await this.#ask((client) => client.putSchedule(spec));
    await process.sleep(prng.between(100, 4_000));
    if (prng.chance(0.3)) await this.#ask((client) => client.triggerSchedule(namespace, id));
    if (prng.chance(0.3)) {
      await this.#ask((client) => client.pauseSchedule(namespace, id, "for a while"));
      await process.sleep(prng.between(100, 1_000));
      await this.#ask((client) => client.resumeSchedule(namespace, id));
    }
    if (prng.chance(0.2)) {
      const now = process.now();
      await this.#ask((client) => client.backfillSchedule(namespace, id, now - 3_000, now));
    }
    await process.sleep(prng.between(100, 2_000));
    await this.#ask((client) => client.deleteSchedule(namespace, id));
  }

  /** For a while an event starts runs. */
  async #trigger(): Promise<void> {
    const event = this.#prng.pick(events);
    const id = this.#next("trigger");
    const match = this.#prng.chance(0.5) ? { match: { color: this.#prng.pick(colors) } } : {};
    const trigger = { id, ...match, workflow: "tick", queue };
    await this.#ask((client) => client.setTrigger(namespace, event, trigger));
    await this.#caller.process.sleep(this.#prng.between(500, 5_000));
    await this.#ask((client) => client.removeTrigger(namespace, event, id));
  }
}
