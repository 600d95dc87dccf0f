/**
 * Short runs that meet each other under a few keys: they find the key taken, queue for it, take the
 * place of the run that has it, and are forgotten soon after their end.
 */
import type { Started, StartRequest } from "@perdure/engine";
import { errandKey, errandModes, namespace, queue } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import { payloadOf } from "./payloads.ts";
import type { Deed, Visit } from "./visit.ts";

/** Above `limits.inlinePayloadBytes`: kept beside the journal. */
const LARGE_CHARS = 33_000;

export class Errands {
  readonly #visit: Visit;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  readonly send: Deed = async (prng, id) => {
    const request = this.#requestFor(prng, id);
    const started = await this.#visit.ask((client) => client.start(request));
    if (started.existing) this.#visit.parts.marks.hit("key: a start joined an open run");
    if (!this.#visit.parts.shadow.isStarted(started.runId)) {
      this.#visit.report("1", `the errand ${id} was acknowledged too early`);
    }
    // Only what is kept is remembered.
    if (started.existing || request.retentionMs !== undefined) return;
    await this.#again(request, started);
    if (prng.chance(0.5)) await this.#outcome(started);
  };

  async #again(request: StartRequest, { runId }: Started): Promise<void> {
    const again = await this.#visit.ask((client) => client.start(request));
    if (again.runId === runId) return;
    this.#visit.report("4", `${request.requestId} was answered with ${runId}, then ${again.runId}`);
  }

  /** A run that had to give its key away may be asked for before it has begun. */
  async #outcome({ runId }: Started): Promise<void> {
    const { shadow } = this.#visit.parts;
    const outcome = await this.#visit.caller.call((client) => client.outcome(runId), 30_000);
    const kept = shadow.run(runId)?.state.outcome;
    if (kept === undefined || kept.status === outcome.status) return;
    this.#visit.report(
      "1",
      `${runId} was said to be ${outcome.status}, on disk it is ${kept.status}`,
    );
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
      ...(prng.chance(0.2)
        ? { startAt: this.#visit.caller.process.now() + prng.pick([0, 800]) }
        : {}),
    };
  }
}
