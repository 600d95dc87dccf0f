/**
 * `transfer.*`: runs out of a namespace and into one, a line for each, without holding more than one
 * of them in memory. The first line that is wrong does not keep the others out: each is answered for.
 */
import type { EngineClient } from "@perdure/engine";
import { PerdureError, type RunEvent, type RunId, type RunRow } from "@perdure/kernel";
import { errorToJson, journalFromLine, journalToLine, wireLimits } from "@perdure/wire";
import * as z from "zod";
import { linesOf } from "../http/lines.ts";
import { asPerdureError } from "../http/refusal.ts";
import { linesRoute, streamRoute, type Route } from "../http/route.ts";
import { filterQuery } from "./schemas/runs.ts";

const PAGE = 100;

const imported = z.strictObject({
  imported: z.int(),
  existing: z.int(),
  failed: z.array(z.strictObject({ line: z.int(), error: z.looseObject({ code: z.string() }) })),
});

export const transferRoutes: readonly Route[] = [
  streamRoute({
    operation: "transfer.export",
    summary: "Runs with their journals, a line of JSON each",
    description: "An answer that ends in the middle of a line was cut off: ask again.",
    query: filterQuery,
    media: "application/x-ndjson",
    async handle({ engine, caller: { namespace }, query, signal, stay }) {
      const leave = stay();
      const lines = exported(engine, { ...query, namespace }, signal(), leave);
      const headers = { "content-type": "application/x-ndjson" };
      return new Response(ReadableStream.from(lines), { headers });
    },
  }),
  linesRoute({
    operation: "transfer.import",
    summary: "Takes runs over, as they were exported",
    description:
      "A line for each run, of at most " +
      `${wireLimits.transferLineBytes} bytes. A run that is here already is \`existing\`. Each line ` +
      "is taken whole or not at all; lines that are refused are answered with their number.",
    answer: imported,
    async handle({ engine, caller: { namespace }, bytes, requestId, stay }) {
      const leave = stay();
      try {
        return await importLines(engine, namespace, bytes, requestId);
      } finally {
        leave();
      }
    },
  }),
];

type Filter = Parameters<EngineClient["count"]>[0];

async function* exported(
  engine: EngineClient,
  filter: Filter,
  signal: AbortSignal,
  leave: () => void,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for await (const { runId } of rowsOf(engine, filter)) {
      signal.throwIfAborted();
      const { spec } = await engine.describe(runId);
      const events = await journalOf(engine, runId);
      yield encoder.encode(`${journalToLine({ spec, events })}\n`);
    }
  } finally {
    leave();
  }
}

async function* rowsOf(engine: EngineClient, filter: Filter): AsyncGenerator<RunRow> {
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await engine.list({ ...filter, limit: PAGE, ...from });
    yield* page.rows;
    ({ cursor } = page);
  } while (cursor !== undefined);
}

async function journalOf(engine: EngineClient, runId: RunId): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const page = await engine.journal(runId, events.length + 1, PAGE);
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}

async function importLines(
  engine: EngineClient,
  namespace: string,
  bytes: AsyncIterable<Uint8Array>,
  requestId: string,
): Promise<unknown> {
  let number = 0;
  const counts = { imported: 0, existing: 0 };
  const failed: unknown[] = [];
  for await (const line of linesOf(bytes, wireLimits.transferLineBytes)) {
    if (++number > wireLimits.transferLines) throw tooMany("lines", wireLimits.transferLines);
    if (line.every((byte) => byte <= 0x20)) continue;
    try {
      const { existing } = await engine.importRun(namespace, journalFromLine(line));
      counts[existing ? "existing" : "imported"] += 1;
    } catch (thrown) {
      failed.push({ line: number, ...errorToJson(asPerdureError(thrown, requestId)) });
      if (failed.length > wireLimits.transferFailures) {
        throw tooMany("lines that are refused", wireLimits.transferFailures);
      }
    }
  }
  return { ...counts, failed };
}

function tooMany(what: string, limit: number): PerdureError {
  const text =
    `The body has more than ${limit} ${what}: send fewer at a time. Those before were taken; ` +
    `to send them again does no harm.`;
  return new PerdureError("limit-exceeded", text);
}
