/**
 * A seed with less in it: which of its deeds are done, how long the world is harmed, how simple the
 * setting is, and what programs run instead of those that the seed draws. It is data, so that a
 * small red case can be written down and replayed.
 */
import { styles, type Style } from "../faults/mix.ts";
import type { Program } from "../programs/program.ts";
import { workersOf, type Workers } from "../remote/kinds.ts";
import { allSimplifications, type Simplification } from "../setting.ts";

export interface Overrides {
  /** Kinds of deeds and of delays that are left out: `nodeCrash`, `storeDelayMs`, `signal`. */
  readonly off?: readonly string[];
  /** Of the others, the deeds that are done, by name: `nodeCrash#3`; absent: all. */
  readonly only?: readonly string[];
  readonly chaosMs?: number;
  /** Virtual ms in which all must have ended after it. */
  readonly healMs?: number;
  /** Another order of what happens at the same time. */
  readonly turns?: number;
  /** How many of the faults it has. */
  readonly style?: Style;
  /** How workers reach their node. */
  readonly workers?: Workers;
  readonly plain?: readonly Simplification[];
  /** By the id of the one that the seed draws. */
  readonly programs?: Readonly<Record<string, Program>>;
}

/** What `replay --with` takes. */
export function formatOverrides(overrides: Overrides): string {
  return JSON.stringify(overrides);
}

/** Throws where it is not what `formatOverrides` gives, but for the programs, which are run as given. */
export function readOverrides(text: string): Overrides {
  const read: unknown = JSON.parse(text);
  if (typeof read !== "object" || read === null) throw new Error("--with needs a JSON object");
  for (const [name, value] of Object.entries(read)) {
    if (!isFit(name, value))
      throw new Error(`--with: "${name}" cannot be ${JSON.stringify(value)}`);
  }
  return read;
}

function isFit(name: string, value: unknown): boolean {
  switch (name) {
    case "off":
    case "only":
      return isNames(value);
    case "plain":
      return isNames(value) && value.every((one) => (allSimplifications as string[]).includes(one));
    case "style":
      return styles.some((style) => style === value);
    case "workers":
      return workersOf.some((kind) => kind === value);
    case "chaosMs":
    case "healMs":
    case "turns":
      return typeof value === "number" && value >= 0;
    case "programs":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return false;
  }
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
