/** Clients that start programs and want their results. */
import { hex32, namingRequest, PerdureError, runId as runIdOf, SLOTS } from "@perdure/kernel";
import type { Outcome, RunId } from "@perdure/kernel";
import type { Started, StartRequest } from "@perdure/engine";
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import { drawProgram } from "../programs/generate.ts";
import { namespace, queue } from "../programs/place.ts";
import type { Program } from "../programs/program.ts";
import type { Prng } from "../world/prng.ts";
import { Process } from "../world/process.ts";
import { Caller } from "./caller.ts";
import { payloadOf } from "./payloads.ts";
import type { LoadRecord } from "./record.ts";

export interface Demand {
  readonly customers: number;
  /** They come within so many ms. */
  readonly spreadMs: number;
  /** In place of the drawn ones, by id. */
  readonly programs: Readonly<Record<string, Program>> | undefined;
  /** Some name the run that they ask for, as clients over a wire do. */
  readonly mayName: boolean;
}

export class Customers {
  readonly #parts: Parts;
  readonly #cluster: Cluster;
  readonly #record: LoadRecord;
  readonly #prng: Prng;

  constructor(parts: Parts, cluster: Cluster, record: LoadRecord) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.#record = record;
    this.#prng = parts.prng.fork("customers");
  }

  start({ customers, spreadMs, programs = {}, mayName }: Demand): void {
    for (let i = 1; i <= customers; i++) {
      const id = `r${i}`;
      const drawn = drawProgram(this.#prng.fork(`program ${i}`), this.#parts.mix(), id);
      const comesAt = this.#prng.between(0, spreadMs);
      if (!this.#parts.deeds.allows("customer")) continue;
      const program = programs[id] ?? drawn;
      this.#record.plan(program);
      this.#record.started.push(program);
      this.#record.open += 1;
      this.#parts.world.after(comesAt, () => this.#serve(i, program, mayName));
    }
  }

  #serve(number: number, program: Program, mayName: boolean): void {
    const { world, prng, violations } = this.#parts;
    const process = new Process(world, `customer-${number}`, prng, () => undefined);
    const caller = new Caller(this.#parts, this.#cluster, process);
    const request = this.#requestFor(program);
    this.#buy(caller, mayName ? this.#named(request, process.now()) : request)
      .catch((error: unknown) => violations.report("client", String(error)))
      .finally(() => {
        this.#record.open -= 1;
      });
  }

  #requestFor(program: Program): StartRequest {
    const prng = this.#prng.fork(`start ${program.id}`);
    const keyed = { key: { namespace, kind: "workflow", id: program.id } };
    return {
      namespace,
      workflow: "main",
      input: payloadOf(program),
      queue,
      requestId: `request-${program.id}`,
      ...(prng.chance(0.7) ? keyed : {}),
      reuse: prng.pick(["allow", "allowAfterFailure", "reject"]),
      conflict: prng.pick(["fail", "useExisting", "terminateExisting"]),
      ...(prng.chance(0.1) ? { runTimeoutMs: prng.between(1, 20_000) } : {}),
      ...(prng.chance(0.1) ? { startAt: prng.between(0, 3_000) } : {}),
      ...(prng.chance(0.2) ? { signal: this.#signal(program.id) } : {}),
    };
  }

  /** A start that a key or a signal goes with is found by a key. */
  #named(request: StartRequest, now: number): StartRequest {
    const prng = this.#prng.fork(`name of ${request.requestId}`);
    if (request.key !== undefined || request.signal !== undefined) return request;
    if (!prng.chance(0.7)) return request;
    const random = hex32(prng.uint32()) + hex32(prng.uint32());
    this.#parts.marks.hit("client: a start named its run");
    return {
      ...request,
      requestId: namingRequest(runIdOf(now, prng.between(0, SLOTS - 1), random)),
    };
  }

  #signal(program: string) {
    const payload = `with the start of ${program}`;
    this.#record.signal("go", payload);
    return { name: "go", id: payload, payload: payloadOf(payload) };
  }

  async #buy(caller: Caller, request: StartRequest): Promise<void> {
    const { process } = caller;
    const { shadow } = this.#parts;
    const startAt =
      request.startAt === undefined ? {} : { startAt: process.now() + request.startAt };
    const started = await caller.call((client) => client.start({ ...request, ...startAt }));
    this.#checkStarted(started, request);
    // The same request again: the same run or what it went on as, whatever the policies say.
    const again = await caller.call((client) => client.start({ ...request, ...startAt }));
    if (!shadow.chainOf(started.runId).includes(again.runId)) {
      const text = `${request.requestId} was answered with ${started.runId}, then ${again.runId}`;
      this.#parts.violations.report("4", text);
    }
    const outcome = await this.#outcome(caller, started.runId);
    this.#checkOutcome(started.runId, outcome);
  }

  /** Asked for patiently: a run may take its time. */
  async #outcome(caller: Caller, runId: RunId): Promise<Outcome> {
    for (;;) {
      try {
        return await caller.attempt((client) => client.outcome(runId), 30_000);
      } catch (error) {
        if (!(error instanceof PerdureError)) throw error;
        this.#parts.trace.note(caller.process.name, "asks again", error.message);
        await caller.process.sleep(200);
      }
    }
  }

  /** Invariant 1: a start that was acknowledged is on disk. */
  #checkStarted({ runId }: Started, request: StartRequest): void {
    const { shadow, violations } = this.#parts;
    if (shadow.isStarted(runId)) return;
    violations.report(
      "1",
      `the start of ${runId} (${request.requestId}) was acknowledged too early`,
    );
  }

  #checkOutcome(runId: RunId, outcome: Outcome): void {
    const { shadow, violations } = this.#parts;
    const run = shadow.run(shadow.chainOf(runId).at(-1) ?? runId)?.state.outcome;
    if (run?.status === outcome.status) return;
    const text = `${runId} was said to be ${outcome.status}, on disk it is ${run?.status ?? "open"}`;
    violations.report("1", text);
  }
}
