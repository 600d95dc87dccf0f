/**
 * A TCP proxy that disturbs what goes through it, by a seed.
 *
 * 1. Bytes that arrive are those that were sent, in order: faults delay or end a connection only.
 * 2. What happens to a connection is drawn when it is opened, so a seed tells the same story as
 *    far as its connections come in the same order.
 * 3. Every connection ends, by a reset: also one that is half open, where nothing arrives any more.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { Random } from "../random.ts";

/** What happens to a connection, and how long it lives. A long life is a rest from faults. */
export interface Fate {
  readonly fault: Fault;
  readonly lifeMs: number;
}

export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "stall"; readonly afterMs: number; readonly forMs: number }
  | { readonly kind: "half-open"; readonly afterMs: number };

export type Fates = (random: Random) => Fate;

/** Connections of clients are many, and carry a request at a time. */
export const fatesOfClients: Fates = (random) => ({
  fault: faultOf(random, 0.5),
  lifeMs: random.between(20, 1_500),
});

/** Connections to services carry many invocations; each end breaks all of their attempts. */
export const fatesOfServices: Fates = (random) => ({
  fault: faultOf(random, 0.3),
  lifeMs: random.between(100, 2_000),
});

function faultOf(random: Random, undisturbed: number): Fault {
  if (random.happens(undisturbed)) return { kind: "none" };
  if (random.happens(0.4)) return { kind: "delay", ms: random.between(1, 40) };
  const afterMs = random.between(0, 300);
  if (random.happens(0.6)) return { kind: "stall", afterMs, forMs: random.between(50, 500) };
  return { kind: "half-open", afterMs };
}

export class FaultProxy {
  readonly #server: Server;
  readonly #target: () => number;
  readonly #fates: Fates;
  readonly #random: Random;
  readonly #open = new Set<Socket>();
  readonly counts: Record<Fault["kind"], number> = {
    none: 0,
    delay: 0,
    stall: 0,
    "half-open": 0,
  };

  constructor(target: () => number, fates: Fates, random: Random) {
    this.#target = target;
    this.#fates = fates;
    this.#random = random;
    this.#server = createServer((socket) => this.#join(socket));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server.close(), "close");
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #join(near: Socket): void {
    const { fault, lifeMs } = this.#fates(this.#random);
    this.counts[fault.kind] += 1;
    const far = connect({ port: this.#target(), host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far] as const;
    for (const socket of pair) {
      this.#open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#open.delete(socket);
        for (const each of pair) each.destroy();
      });
    }
    if (fault.kind === "delay") delayed(near, far, fault.ms);
    else {
      near.pipe(far);
      far.pipe(near);
      disturb(near, far, fault);
    }
    after(near, lifeMs, () => reset(near, far));
  }
}

/** Each chunk arrives so much later; the order stays, and the end comes last. */
function delayed(near: Socket, far: Socket, ms: number): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on("data", (chunk) => void setTimeout(() => to.writable && to.write(chunk), ms));
    from.on("end", () => void setTimeout(() => to.end(), ms));
  }
}

function disturb(near: Socket, far: Socket, fault: Exclude<Fault, { kind: "delay" }>): void {
  switch (fault.kind) {
    case "none":
      return;
    case "stall":
      return void after(near, fault.afterMs, () => {
        part(near, far);
        after(near, fault.forMs, () => {
          near.pipe(far);
          far.pipe(near);
        });
      });
    case "half-open":
      return void after(near, fault.afterMs, () => part(near, far));
  }
}

function after(socket: Socket, ms: number, act: () => void): void {
  const timer = setTimeout(act, ms);
  socket.once("close", () => clearTimeout(timer));
}

function part(near: Socket, far: Socket): void {
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}

function reset(near: Socket, far: Socket): void {
  near.resetAndDestroy();
  far.resetAndDestroy();
}
