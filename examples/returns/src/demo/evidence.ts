/** What the services' own ledgers say, read over HTTP; nothing here comes from the engine. */
import { z } from "zod";
import type { Stats } from "../services/ledger.ts";

const Rows = z.array(
  z.object({
    key: z.string(),
    route: z.string(),
    returnId: z.string(),
    body: z.string(),
    answer: z.string(),
    status: z.int(),
    atMs: z.number(),
  }),
);

/** One effect at one service. `about` is what it was done with, for comparison with the request. */
export interface Found {
  readonly kind: EffectKind;
  readonly returnId: string;
  readonly about: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** A decline is no effect, but the provider records it: it is how a refund fails for good. */
export const effectKinds = ["label", "void", "refund", "decline", "ask", "mail"] as const;
export type EffectKind = (typeof effectKinds)[number];

const kinds: Readonly<Record<string, EffectKind>> = {
  "/labels": "label",
  "/voids": "void",
  "/refunds": "refund",
  "/asks": "ask",
  mail: "mail",
};

export async function readLedger(url: string): Promise<Found[]> {
  const rows = Rows.parse(await getJson(`${url}/ledger`));
  return rows.map(({ route, returnId, status, body, answer, atMs }) => {
    const kind = status === 402 ? "decline" : kinds[route];
    if (kind === undefined) throw new Error(`an unknown route in the ledger of ${url}: ${route}`);
    return { kind, returnId, atMs, about: { ...fieldsOf(body), ...fieldsOf(answer) } };
  });
}

const fieldsOf = (json: string): Found["about"] =>
  z.record(z.string(), z.unknown()).parse(JSON.parse(json));

export async function readStats(url: string): Promise<Stats> {
  return (await getJson(`${url}/stats`)) as Stats;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
  return response.json();
}
