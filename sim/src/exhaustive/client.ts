/**
 * A client that starts one program and waits for its end, in one request with two answers; it asks
 * again until it has the second.
 */
import type { EngineClient, StartRequest } from "@perdure/engine";
import { PerdureError, type Outcome, type RunId } from "@perdure/kernel";
import type { Shadow } from "../checks/shadow.ts";
import type { Violations } from "../checks/violations.ts";
import { payloadOf } from "../load/payloads.ts";
import { namespace, queue } from "../programs/place.ts";
import type { Program } from "../programs/program.ts";
import type { Actor } from "./actor.ts";
import { Channel, Line } from "./channel.ts";

const PATIENCE_MS = 3_000;
const PAUSE_MS = 100;

export interface ClientParts {
  readonly actor: Actor;
  readonly program: Program;
  /** Whoever is the node when the request arrives. */
  readonly engine: () => EngineClient;
  readonly shadow: Shadow;
  readonly violations: Violations;
}

export class Client {
  readonly actor: Actor;
  readonly toNode: Channel = new Channel();
  readonly toClient: Channel = new Channel();
  outcome: Outcome | undefined;
  #runId: RunId | undefined;
  readonly #parts: ClientParts;
  readonly #line: Line;

  constructor(parts: ClientParts) {
    this.actor = parts.actor;
    this.#parts = parts;
    this.#line = new Line(this.toNode, this.toClient);
  }

  begin(): void {
    void this.#buy().catch((error: unknown) => {
      this.#parts.violations.report("client", String(error));
    });
  }

  async #buy(): Promise<void> {
    const { program } = this.#parts;
    const request: StartRequest = {
      namespace,
      workflow: "main",
      input: payloadOf(program),
      queue,
      requestId: `request-${program.id}`,
    };
    this.outcome = await this.#until(async (engine) => {
      const { runId } = await engine.start(request);
      this.#checkStarted(runId);
      this.toClient.send("started", runId, () => this.#started(runId));
      const outcome = await engine.outcome(runId);
      this.#checkOutcome(runId, outcome);
      return outcome;
    });
  }

  async #until<T>(action: (engine: EngineClient) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(`request ${tries}`, action);
      } catch (error) {
        const isFinal = error instanceof PerdureError && error.retry === "never";
        if (!(error instanceof PerdureError) || (isFinal && error.code !== "closed")) throw error;
        await this.actor.process.sleep(PAUSE_MS);
      }
    }
  }

  #once<T>(what: string, action: (engine: EngineClient) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const late = (): void => reject(new PerdureError("deadline-exceeded", "Nobody answered."));
      const cancel = this.actor.process.after(PATIENCE_MS, late);
      this.#line
        .ask(what, undefined, () => action(this.#parts.engine()))
        .finally(cancel)
        .then(resolve, reject);
    });
  }

  /** Invariant 4: whatever was lost on the way, the same request is the same run. */
  #started(runId: RunId): void {
    this.#runId ??= runId;
    if (runId === this.#runId) return;
    this.#parts.violations.report("4", `one request started ${this.#runId} and ${runId}`);
  }

  /** Invariant 1, at the moment the node says so. */
  #checkStarted(runId: RunId): void {
    const { shadow, violations } = this.#parts;
    if (shadow.isStarted(runId)) return;
    violations.report("1", `the start of ${runId} was acknowledged before it was durable`);
  }

  #checkOutcome(runId: RunId, { status }: Outcome): void {
    const { shadow, violations } = this.#parts;
    const durable = shadow.run(runId)?.state.outcome?.status;
    if (durable === status) return;
    violations.report("1", `${runId} was said to be ${status}, on disk it is ${durable ?? "open"}`);
  }
}
