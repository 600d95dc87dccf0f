/**
 * Runs targets over inputs. For each input: it is taken, or refused with a code and a message that
 * says something; nothing else is thrown, and it takes no more CPU than `CPU_MS`. A target that
 * took everything, or refused everything, was not fuzzed: its inputs are not near the border.
 */
import { PerdureError } from "@perdure/kernel";
import { inspect } from "node:util";
import { Random } from "./random.ts";
import type { Target, Verdict } from "./target.ts";

/** Of one input. A quadratic parser on a large input needs far more. */
const CPU_MS = 2_000;
/** Of heap kept when all is over. */
const HEAP_BYTES = 256 * 1_048_576;
const SHOWN_FAILURES = 5;

export interface Failure {
  readonly seed: number;
  readonly why: string;
  readonly input: string;
}

export interface Report {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  /** By code. */
  readonly refused: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  /** What is wrong with the whole. */
  readonly complaints: readonly string[];
}

export async function fuzz(target: Target, firstSeed: number, inputs: number): Promise<Report> {
  const refused = new Map<string, number>();
  const failures: Failure[] = [];
  let taken = 0;
  const heapBefore = heap();
  for (let seed = firstSeed; seed < firstSeed + inputs; seed++) {
    const result = await one(target, seed);
    if ("why" in result) {
      failures.push(result);
      if (failures.length >= SHOWN_FAILURES) break;
    } else if (result.type === "accepted") taken++;
    else refused.set(result.code, (refused.get(result.code) ?? 0) + 1);
  }
  const complaints: string[] = [];
  await target.close?.().catch((error: unknown) => void complaints.push(inspect(error)));
  if (failures.length === 0) complaints.push(...onBorder(taken, refused.size));
  const kept = heap() - heapBefore;
  if (kept > HEAP_BYTES) complaints.push(`it kept ${Math.round(kept / 1_048_576)} MiB of heap`);
  return { target: target.name, inputs, accepted: taken, refused, failures, complaints };
}

function onBorder(taken: number, codes: number): string[] {
  if (taken === 0) return ["no input was taken: they are too far from what is valid"];
  return codes === 0 ? ["no input was refused: they are not bent at all"] : [];
}

/** The same input again, whatever came before it. */
export async function one(target: Target, seed: number): Promise<Verdict | Failure> {
  let input: unknown;
  const before = process.cpuUsage();
  const failed = (why: string): Failure => ({ seed, why, input: shown(input) });
  let verdict: Verdict;
  try {
    verdict = await target.run(new Random(seed), (made) => {
      input = made;
    });
  } catch (error) {
    if (!(error instanceof PerdureError)) return failed(inspect(error));
    if (error.code === "internal" || error.message.length < 10) return failed(inspect(error));
    verdict = { type: "refused", code: error.code };
  }
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  return cpuMs > CPU_MS ? failed(`it took ${Math.round(cpuMs)} ms of CPU`) : verdict;
}

function shown(input: unknown): string {
  const text = inspect(input, { depth: 6, maxStringLength: 2_000, maxArrayLength: 200 });
  return text.length <= 4_000 ? text : `${text.slice(0, 4_000)} …`;
}

/** Where the garbage collector can be called, after it has been. */
function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
