/** Time, chance and versions: what the code decides once and a replay finds again. */
import { hash, type Payload } from "@perdure/kernel";
import { decode, encodePayload } from "../payload.ts";
import type { Fiber } from "./fiber.ts";
import { nondeterminism, sourceLine } from "./mismatch.ts";

export class Values {
  readonly #fiber: Fiber;
  readonly #versions = new Map<string, number>();
  #now = 0;
  #nowTurn = -1;
  #random: (() => number) | undefined;

  constructor(fiber: Fiber) {
    this.#fiber = fiber;
  }

  /** Time stands still within a turn. */
  now(): number {
    const { turn } = this.#fiber;
    if (this.#nowTurn !== turn) {
      this.#now = this.#record("now", () => this.#fiber.clock()) as number;
      this.#nowTurn = turn;
    }
    return this.#now;
  }

  random(): number {
    this.#random ??= sfc32(this.#fiber.spec.seed ?? this.#fiber.runId);
    return this.#random();
  }

  /** Version 4 of RFC 9562. */
  uuid(): string {
    const hex = Array.from({ length: 32 }, (_, digit) => {
      const value = Math.floor(this.random() * 16);
      if (digit === 12) return "4";
      return (digit === 16 ? (value & 3) | 8 : value).toString(16);
    }).join("");
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return [...parts, hex.slice(20)].join("-");
  }

  /** A run that passed here before there was a marker has none, and keeps the old code. */
  version(id: string, min: number, max: number): number {
    const version = this.#versions.get(id) ?? this.#decide(id, min, max);
    this.#versions.set(id, version);
    if (version >= min && version <= max) return version;
    throw this.#fiber.halt(
      nondeterminism(
        [
          `this run takes version ${version} of "${id}", and the code knows ${min} to ${max}`,
          ...sourceLine(),
          "Keep the code of that version until no run needs it, then resume the run.",
        ].join("\n"),
      ),
    );
  }

  #decide(id: string, min: number, max: number): number {
    const { history, asked } = this.#fiber;
    const key = `version:${id}`;
    const next = history.at(asked + 1);
    const isMarker = next?.kind === "value" && next.key === key;
    if (asked + 1 <= history.highest && !isMarker) return min;
    return this.#record(key, () => max) as number;
  }

  #record(name: string, draw: () => unknown): unknown {
    const fiber = this.#fiber;
    const key = fiber.operations.keyFor(name);
    if (fiber.ask("value", key)) return decode(fiber.history.valueAt(fiber.asked));
    const drawn = draw();
    const value: Payload = encodePayload(drawn, `the value "${key}"`);
    fiber.command({ type: "value.record", key, ordinal: fiber.asked, value }, { echo: key });
    fiber.unwritten.tell(key);
    fiber.unwritten.see(key, "value");
    return drawn;
  }
}

/** Small fast counter by Chris Doty-Humphrey (PractRand), seeded from text. */
function sfc32(seed: string): () => number {
  let a = hash(seed, 1);
  let b = hash(seed, 2);
  let c = hash(seed, 3);
  let counter = 1;
  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return (result >>> 0) / 2 ** 32;
  };
  // The first numbers still show the seed.
  for (let round = 0; round < 12; round++) next();
  return next;
}
