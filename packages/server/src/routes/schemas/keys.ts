/** Bodies and queries of `keys.*`: those of `runs.*` with a key in them. */
import type { Payload, SignalBody } from "@perdure/kernel";
import * as z from "zod";
import { failure, id, keyRef, name, payload, remark } from "./basics.ts";
import type { WallessKey } from "./runs.ts";

export interface Keyed {
  readonly key: WallessKey;
}

export const keyQuery: z.ZodType<WallessKey> = z.strictObject({ kind: name, id });

export const keySignal: z.ZodType<Keyed & Omit<SignalBody, "by">> = z.strictObject({
  key: keyRef,
  name,
  payload: payload.exactOptional(),
  failure: failure.exactOptional(),
  id: id.exactOptional(),
});

export const keyReason: z.ZodType<Keyed & { readonly reason?: string }> = z.strictObject({
  key: keyRef,
  reason: remark.exactOptional(),
});

export const keyAsk: z.ZodType<Keyed & { readonly name: string; readonly input: Payload }> =
  z.strictObject({ key: keyRef, name, input: payload });

export const keyUpdate: z.ZodType<
  Keyed & { readonly name: string; readonly input: Payload; readonly id?: string }
> = z.strictObject({ key: keyRef, name, input: payload, id: id.exactOptional() });
