/**
 * Short runs that meet each other under a few keys: they find the key taken, queue for it, take the
 * place of the run that has it, and are forgotten soon after their end.
 */
import type { Started, StartRequest } from "@perdure/engine";
import type { Parts } from "../cluster/parts.ts";
import { errandKey, errandModes, namespace, queue } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import type { Caller } from "./caller.ts";
import { payloadOf } from "./payloads.ts";

/** Above `limits.inlinePayloadBytes`: kept beside the journal. */
const LARGE_CHARS = 33_000;

export class Errands {
  readonly #parts: Parts;
  readonly #caller: Caller;
  readonly #prng: Prng;

  constructor(parts: Parts, caller: Caller) {
    this.#parts = parts;
    this.#caller = caller;
    this.#prng = parts.prng.fork("errands");
  }

  async send(id: string): Promise<void> {
    const prng = this.#prng.fork(id);
    const request = this.#requestFor(prng, id);
    const started = await this.#caller.call((client) => client.start(request));
    if (started.existing) this.#parts.marks.hit("key: a start joined an open run");
    if (!this.#parts.shadow.isStarted(started.runId)) {
      this.#report("1", `the errand ${id} was acknowledged too early`);
    }
    // Only what is kept is remembered.
    if (started.existing || request.retentionMs !== undefined) return;
    await this.#again(request, started);
    if (prng.chance(0.5)) await this.#outcome(started);
  }

  async #again(request: StartRequest, { runId }: Started): Promise<void> {
    const again = await this.#caller.call((client) => client.start(request));
    if (again.runId === runId) return;
    this.#report("4", `${request.requestId} was answered with ${runId}, then ${again.runId}`);
  }

  /** A run that had to give its key away may be asked for before it has begun. */
  async #outcome({ runId }: Started): Promise<void> {
    const { shadow } = this.#parts;
    const outcome = await this.#caller.call((client) => client.outcome(runId), 30_000);
    const kept = shadow.run(runId)?.state.outcome;
    if (kept === undefined || kept.status === outcome.status) return;
    this.#report("1", `${runId} was said to be ${outcome.status}, on disk it is ${kept.status}`);
  }

  #requestFor(prng: Prng, id: string): StartRequest {
    const mode = prng.pick(errandModes);
    const input = {
      ms: prng.pick([0, 300, 2_000]),
      fails: prng.chance(0.2),
      ...(prng.chance(0.1) ? { ballast: "x".repeat(LARGE_CHARS) } : {}),
    };
    return {
      namespace,
      queue,
      workflow: "tick",
      input: payloadOf(input),
      key: { namespace, kind: "workflow", id: errandKey(mode) },
      mode,
      requestId: id,
      reuse: prng.pick(["allow", "allow", "allowAfterFailure", "reject"]),
      conflict: prng.pick(["fail", "useExisting", "terminateExisting"]),
      ...(prng.chance(0.5) ? { retentionMs: prng.pick([50, 1_000]) } : {}),
      ...(prng.chance(0.2) ? { startAt: this.#caller.process.now() + prng.pick([0, 800]) } : {}),
    };
  }

  #report(invariant: string, text: string): void {
    this.#parts.violations.report(invariant, text);
  }
}
