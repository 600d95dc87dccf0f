/** One life of a worker process: the SDK's own worker, and its connections one after the other. */
import type { Worker } from "@perdure/engine";
import { startWorker } from "../cluster/runtime.ts";
import type { Planted } from "../bugs/bug.ts";
import { define } from "../programs/definitions.ts";
import type { BegunWork } from "../programs/surroundings.ts";
import type { Actor } from "./actor.ts";
import { digestOf, textOf } from "./digest.ts";
import type { Link } from "./link.ts";
import type { Outside } from "./outside.ts";

export interface WorkerShape {
  readonly taskSlots: number;
  readonly runSlots: number;
  readonly leaseMs: number;
}

export class WorkerLife {
  readonly actor: Actor;
  link: Link | undefined;
  /** Of its connections. */
  connections = 0;
  readonly #shape: WorkerShape;
  #stop: (() => void) | undefined;

  constructor(actor: Actor, shape: WorkerShape) {
    this.actor = actor;
    this.#shape = shape;
  }

  connect(link: Link, node: number, outside: Outside, bug: Planted): void {
    this.link = link;
    this.connections += 1;
    const { actor } = this;
    const begin = (work: BegunWork) => (what: string, output: string) => {
      const hold = work.isTask ? [work.attempt] : [node, link.leaseOf(work.runId) ?? 0];
      actor.does(digestOf(textOf([work, hold, what, output])));
      outside.act(work, { worker: link.id, hold }, what, output);
    };
    this.#stop = startWorker({
      id: link.id,
      env: actor.process,
      host: link,
      definitions: define({ process: actor.process, begin }),
      bend: (worker: Worker) => bug.worker?.(worker) ?? worker,
      ...this.#shape,
    });
  }

  disconnect(): void {
    this.link?.workerHears();
    this.#stop?.();
    this.link = undefined;
  }
}
