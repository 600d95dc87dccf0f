/**
 * Messages between partitions that the source has sent and not delivered. They are in no stream, and
 * at the target other partitions would send and receive them: an engine delivers them where they are.
 */
import { PerdureError, type Calendar } from "@perdure/kernel";
import type { Opened } from "@perdure/store";
import { Engine } from "../engine.ts";
import type { Env } from "../env.ts";
import type { StoreSource } from "./store-end.ts";

/** An engine delivers at once; only a store that cannot be read makes it wait. */
const LEAST_MS = 50;
const TRIES = 8;

export function undelivered(opened: readonly Opened[]): number {
  let count = 0;
  for (const [from, { outbox }] of opened.entries()) {
    for (const { to, seq } of outbox) {
      const mark = opened[to]?.marks.find((one) => one.from === from)?.seq ?? 0;
      if (seq > mark) count++;
    }
  }
  return count;
}

/** How long to let the engine work before it is asked again what is left; undefined: long enough. */
export function patience(tries: number): number | undefined {
  return tries < TRIES ? LEAST_MS * 2 ** tries : undefined;
}

/** An engine without workers: it delivers, rings what is due, and starts no code. */
export async function deliver(
  source: StoreSource,
  {
    env,
    calendar,
    forMs,
  }: { readonly env: Env; readonly calendar: Calendar; readonly forMs: number },
): Promise<void> {
  const engine = await Engine.open({ store: await source.open(), env, calendar });
  await new Promise<void>((resolve) => void env.after(forMs, resolve));
  await engine.close();
}

export function undeliveredError(name: string, count: number): PerdureError {
  const text =
    `${count} messages within ${name} cannot be delivered: look with perdure doctor --store ${name} ` +
    `for what is wrong with it, and move then.`;
  return new PerdureError("unavailable", text);
}
