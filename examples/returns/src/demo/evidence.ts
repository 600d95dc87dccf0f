/** What the services' own ledgers say, read over HTTP; nothing here comes from the engine. */
import { z } from "zod";
import type { Stats } from "../services/ledger.ts";

const Books = z.object({
  effects: z.array(
    z.object({
      route: z.string(),
      returnId: z.string(),
      body: z.string(),
      answer: z.string(),
      status: z.int(),
      atMs: z.number(),
    }),
  ),
  repeats: z.array(z.object({ route: z.string(), returnId: z.string() })),
});

/** A decline is no effect, but the provider records it: it is how a refund fails for good. */
export const effectKinds = ["label", "void", "refund", "decline", "ask", "mail"] as const;
export type EffectKind = (typeof effectKinds)[number];

/** One effect at one service. `about` is what it was done with, for comparison with the request. */
export interface Found {
  readonly kind: EffectKind;
  readonly returnId: string;
  readonly about: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** A call whose effect was there already: without its key it would have been a double. */
export interface Repeat {
  readonly kind: EffectKind;
  readonly returnId: string;
}

export interface Evidence {
  readonly found: readonly Found[];
  readonly repeats: readonly Repeat[];
}

export async function readEvidence(urls: readonly string[]): Promise<Evidence> {
  const all = await Promise.all(urls.map(readLedger));
  return {
    found: all.flatMap(({ found }) => found),
    repeats: all.flatMap(({ repeats }) => repeats),
  };
}

async function readLedger(url: string): Promise<Evidence> {
  const { effects, repeats } = Books.parse(await getJson(`${url}/ledger`));
  return {
    found: effects.map(({ route, returnId, status, body, answer, atMs }) => ({
      kind: status === 402 ? "decline" : kindOf(route),
      returnId,
      atMs,
      about: { ...fieldsOf(body), ...fieldsOf(answer) },
    })),
    repeats: repeats.map(({ route, returnId }) => ({ kind: kindOf(route), returnId })),
  };
}

export async function readStats(url: string): Promise<Stats> {
  return (await getJson(`${url}/stats`)) as Stats;
}

const kinds: Readonly<Record<string, EffectKind>> = {
  "/labels": "label",
  "/voids": "void",
  "/refunds": "refund",
  "/asks": "ask",
  mail: "mail",
};

function kindOf(route: string): EffectKind {
  const kind = kinds[route];
  if (kind === undefined) throw new Error(`an unknown route in a ledger: ${route}`);
  return kind;
}

const fieldsOf = (json: string): Found["about"] =>
  z.record(z.string(), z.unknown()).parse(JSON.parse(json));

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
  return response.json();
}
