/** The web between nodes and apps: who answers under the endpoint's URL, and what is under way. */
import type { Outbound } from "@perdure/server/workers";
import type { Parts } from "../cluster/parts.ts";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import { Exchange, type App } from "./exchange.ts";

export class Web {
  /** All of them serve the same URL; a balancer picks one for each request. */
  readonly apps = new Set<App>();
  readonly #parts: Parts;
  readonly #prng: Prng;
  readonly #exchanges = new Set<Exchange>();
  #begun = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#prng = parts.prng.fork("web");
    parts.onceHealed(() => this.#exchanges.forEach((exchange) => exchange.healed()));
  }

  /** Requests of one node. */
  outboundOf(client: Process): Outbound {
    return {
      post: (request) => {
        this.#begun += 1;
        const prng = this.#prng.fork(`exchange ${this.#begun}`);
        const exchange: Exchange = new Exchange({
          parts: this.#parts,
          prng,
          client,
          request,
          app: () => (this.apps.size === 0 ? undefined : prng.pick([...this.apps])),
          onOver: () => this.#exchanges.delete(exchange),
        });
        this.#exchanges.add(exchange);
        return exchange.start();
      },
      close: () => Promise.resolve(),
    };
  }

  isBusy(process: Process): boolean {
    return [...this.#exchanges].some((exchange) => exchange.at(process));
  }

  /** Every exchange with this app breaks; a node is not always told. */
  cutApp(process: Process): void {
    for (const exchange of this.#exchanges) {
      if (exchange.at(process)) exchange.cut(!this.#isHalfOpen());
    }
  }

  /** A node is gone, and with it its end of every exchange. */
  cutNode(process: Process): void {
    for (const exchange of this.#exchanges) {
      if (exchange.client !== process) continue;
      this.#exchanges.delete(exchange);
      if (!this.#isHalfOpen()) exchange.cut(true);
    }
  }

  #isHalfOpen(): boolean {
    const { mix, marks, deeds } = this.#parts;
    if (!this.#prng.chance(mix().halfOpen) || !deeds.allows("halfOpen")) return false;
    marks.hit("fault: halfOpen");
    return true;
  }
}
