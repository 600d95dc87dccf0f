/** What scenarios say must be. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { HttpCallError } from "@restatedev/restate-sdk-clients";
import type { World } from "./world.ts";

export function equal<T>(actual: T, expected: T): void {
  deepStrictEqual(actual, expected);
}

export function holds(condition: boolean, what: string): void {
  ok(condition, what);
}

/** How often a closure or handler has run: exactly so often, or more where attempts are broken off. */
export async function ran(world: World, tag: string, times: number): Promise<void> {
  const counted = await world.counted(tag);
  if (world.faults === "none") equal(counted, times);
  else holds(counted >= times, `${tag}: ${counted} times, of ${times} at least`);
}

interface Refusal {
  /** One of them, where it depends on what has been forgotten. */
  readonly status: number | readonly number[];
  readonly message?: string;
}

/** The call fails with this status, and says so. */
export async function fails(call: PromiseLike<unknown>, refusal: Refusal): Promise<string> {
  try {
    const value = await call;
    throw new Error(`it was answered with ${JSON.stringify(value)}`);
  } catch (error) {
    if (!(error instanceof HttpCallError)) throw error;
    const allowed = [refusal.status].flat();
    holds(
      allowed.includes(error.status),
      `${error.status} (${error.responseText}), not ${allowed.join(" or ")}`,
    );
    const { message = "" } = refusal;
    holds(error.responseText.includes(message), `"${error.responseText}" says "${message}"`);
    return error.responseText;
  }
}

/** A server that is killed on a starved machine takes long to be back. */
const patienceMs = 40_000;

/** Asks again until it holds. The last failure is the scenario's. */
export async function eventually<T>(act: () => PromiseLike<T>, withinMs = patienceMs): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
}

/** Waits until it is so. */
export async function until(what: string, isSo: () => PromiseLike<boolean>): Promise<void> {
  await eventually(async () => holds(await isSo(), what));
}
