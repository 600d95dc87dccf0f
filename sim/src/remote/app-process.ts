/** A web app whose push handler nodes call. */
import { decodePushRequest, type NonceStore } from "@perdure/wire";
import { pushHandlerIn } from "perdure/worker";
import type { Node } from "../cluster/node.ts";
import type { Parts } from "../cluster/parts.ts";
import { workerProcess, type SimWorker } from "../cluster/sim-worker.ts";
import type { Watch } from "../cluster/watch.ts";
import type { WorkerTuning } from "../cluster/worker-process.ts";
import { define } from "../programs/definitions.ts";
import type { Process } from "../world/process.ts";
import { digests } from "./digests.ts";
import { endpointKey, isOfEndpoint } from "./endpoint.ts";
import type { App } from "./exchange.ts";
import type { Web } from "./web.ts";

export interface AppProcessParts {
  readonly parts: Parts;
  readonly watch: Watch;
  readonly web: Web;
  readonly tuning: WorkerTuning;
  /** Of all apps of the endpoint: it outlives them. */
  readonly nonces: NonceStore;
}

export class AppProcess implements SimWorker {
  readonly process: Process;
  readonly #given: AppProcessParts;
  readonly #app: App;
  /** The request that is looked at now; its nonce is claimed within the same turn of the world. */
  #looking: Uint8Array | undefined;

  constructor(given: AppProcessParts, name: string) {
    this.#given = given;
    this.process = workerProcess(given.parts, name);
    this.#app = this.#start();
    given.web.apps.add(this.#app);
  }

  get isConnected(): boolean {
    return this.#given.web.isBusy(this.process);
  }

  lost(node: Node): void {
    this.#given.web.cutNode(node.process);
  }

  cut(): void {
    this.#given.web.cutApp(this.process);
  }

  kill(): void {
    this.#given.parts.trace.note(this.process.name, "crashes");
    this.process.kill();
    this.#given.web.apps.delete(this.#app);
    this.cut();
  }

  #start(): App {
    const { parts, watch, tuning, nonces } = this.#given;
    const { process } = this;
    const place = { name: process.name, isOf: isOfEndpoint };
    const { main, tick, work, counter } = define(watch.surroundingsFor(place, process));
    const { version, versioning } = tuning.terms;
    const drawn = parts.prng.fork(`app ${process.name}`);
    const claim: NonceStore["claim"] = async (...given) => {
      const isFresh = await (parts.bug.nonces ?? nonces).claim(...given);
      if (isFresh) this.#begins();
      return isFresh;
    };
    const answer = pushHandlerIn(
      { env: process, digests },
      {
        workflows: [main, tick],
        tasks: [work],
        objects: [counter],
        keys: endpointKey,
        nonces: { claim },
        keepRuns: drawn.pick([0, 1, 1_000]),
        ...(version === undefined ? {} : { version }),
        ...(versioning === undefined ? {} : { versioning }),
      },
    );
    const isBuffered = drawn.chance(0.2);
    return {
      process,
      isBuffered,
      answer: (request, body) => {
        this.#looking = body;
        return answer(request, { isBuffered });
      },
    };
  }

  #begins(): void {
    const message = this.#looking && decodePushRequest(this.#looking);
    // One that goes on finds the hold's code here or is told that there is none: it moves nothing.
    if (message?.type !== "exchange" || message.begin === undefined) return;
    this.#given.watch.exchanged(message.runId, message.hold, this.process.name);
  }
}
