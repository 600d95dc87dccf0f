/**
 * Opens a store again that was given up: for the day on which the store that it has moved to is lost.
 * What that one has done since is not in it, and nobody is asked whether it is really gone.
 */
import { PerdureError } from "@perdure/kernel";
import { sealedError } from "@perdure/store";
import type { Env } from "../env.ts";
import { onlySeal } from "./stage.ts";
import { StoreEnd, type StoreSource } from "./store-end.ts";

export interface TakeBackOptions {
  readonly from: StoreSource;
  /** The name of the store that it has moved to: who knows it, knows what he does. */
  readonly to: string;
  readonly env: Env;
}

export async function takeBack({ from, to, env }: TakeBackOptions): Promise<void> {
  const source = await StoreEnd.open(from, env);
  try {
    const seal = onlySeal({ name: source.name, seals: await source.seals() });
    if (seal === undefined) {
      const text = `${from.name} is not given up: it can be opened as it is.`;
      throw new PerdureError("not-found", text);
    }
    if (seal.state !== "moved" || seal.other !== to) throw sealedError(seal);
    await source.take(seal.move);
    await source.seal(undefined);
  } finally {
    await source.close();
  }
}
