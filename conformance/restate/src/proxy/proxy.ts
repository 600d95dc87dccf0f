/**
 * A TCP proxy that disturbs what goes through it, by a seed.
 *
 * 1. Bytes that arrive are those that were sent, in order: faults delay or end a connection only.
 * 2. What happens to a connection is drawn when it is opened, so a seed tells the same story as
 *    far as its connections come in the same order.
 * 3. Every fault ends: what stalls goes on, and what is half open is reset.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { Random } from "../random.ts";

export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "reset"; readonly afterMs: number }
  | { readonly kind: "stall"; readonly afterMs: number; readonly forMs: number }
  | { readonly kind: "half-open"; readonly afterMs: number; readonly forMs: number };

export type Faulty = (random: Random) => Fault;

/** Connections of clients are many and short. */
export const faultsOfClients: Faulty = (random) => {
  const kind = random.next();
  if (kind < 0.5) return { kind: "none" };
  if (kind < 0.7) return { kind: "delay", ms: random.between(1, 40) };
  if (kind < 0.85) return { kind: "reset", afterMs: random.between(0, 200) };
  if (kind < 0.95) return stall(random);
  return halfOpen(random);
};

/** Connections to services carry many invocations and last. */
export const faultsOfServices: Faulty = (random) => {
  const kind = random.next();
  if (kind < 0.2) return { kind: "delay", ms: random.between(1, 20) };
  if (kind < 0.7) return { kind: "reset", afterMs: random.between(50, 1_500) };
  if (kind < 0.9) return stall(random);
  return halfOpen(random);
};

const stall = (random: Random): Fault => ({
  kind: "stall",
  afterMs: random.between(0, 300),
  forMs: random.between(50, 500),
});

const halfOpen = (random: Random): Fault => ({
  kind: "half-open",
  afterMs: random.between(0, 500),
  forMs: random.between(500, 1_500),
});

export class FaultProxy {
  readonly #server: Server;
  readonly #target: () => number;
  readonly #faults: Faulty;
  readonly #random: Random;
  readonly #open = new Set<Socket>();
  readonly counts: Record<Fault["kind"], number> = {
    none: 0,
    delay: 0,
    reset: 0,
    stall: 0,
    "half-open": 0,
  };

  constructor(target: () => number, faults: Faulty, random: Random) {
    this.#target = target;
    this.#faults = faults;
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
    const fault = this.#faults(this.#random);
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
    case "reset":
      return void after(near, fault.afterMs, () => reset(near, far));
    case "stall":
      return void after(near, fault.afterMs, () => {
        part(near, far);
        after(near, fault.forMs, () => {
          near.pipe(far);
          far.pipe(near);
        });
      });
    case "half-open":
      return void after(near, fault.afterMs, () => {
        part(near, far);
        after(near, fault.forMs, () => reset(near, far));
      });
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
