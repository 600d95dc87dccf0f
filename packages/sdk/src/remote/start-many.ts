/** Many starts in as few requests as their bytes allow. */
import {
  checkStart,
  checkStartMany,
  type EngineClient,
  type StartItem,
  type StartResult,
} from "@perdure/engine";
import { errorData, PerdureError } from "@perdure/kernel";
import { toJson, wireLimits } from "@perdure/wire";
import { answers } from "./answers.ts";
import { checkWall, requestIdFor, type Desk } from "./desk.ts";

/** Of a body, around its items. */
const ENVELOPE_BYTES = 64;

/** An item as the API takes it, and its place among those asked for. */
interface Outgoing {
  readonly at: number;
  readonly body: unknown;
  readonly bytes: number;
}

/** As the engine's: an item that it would refuse is refused here, and the others go on. */
export function startManyVerb(desk: Desk): Pick<EngineClient, "startMany"> {
  return {
    async startMany(namespace, items) {
      checkWall(desk, namespace);
      checkStartMany(items);
      const results: StartResult[] = [];
      const outgoing = items.flatMap((item, at): readonly Outgoing[] => {
        try {
          return [outgoingOf(desk, item, at)];
        } catch (error) {
          if (!(error instanceof PerdureError)) throw error;
          results[at] = { error: errorData(error) };
          return [];
        }
      });
      const hasIds = items.every(({ requestId }) => requestId !== undefined);
      await desk.watches.begun();
      for (const page of pagesOf(outgoing)) {
        const { runs } = await desk.caller.call("runs.startMany", {
          params: {},
          body: { runs: page.map(({ body }) => body) },
          answer: answers.startedMany,
          repeat: hasIds ? "any" : "here",
        });
        for (const [i, { at }] of page.entries()) results[at] = resultOf(desk, items, at, runs[i]);
      }
      return results;
    },
  };
}

function outgoingOf(desk: Desk, item: StartItem, at: number): Outgoing {
  const { namespace } = desk;
  const { key, ...rest } = item;
  checkStart({ ...rest, namespace, ...(key ? { key: { namespace, ...key } } : {}) });
  const own = key ? { key: { kind: key.kind, id: key.id } } : {};
  const body = toJson({ ...rest, ...own, requestId: item.requestId ?? requestIdFor(desk, item) });
  const bytes = Buffer.byteLength(JSON.stringify(body)) + 1;
  return { at, body, bytes };
}

/** Each fits into one body. */
function* pagesOf(outgoing: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  const most = wireLimits.jsonBytes - ENVELOPE_BYTES;
  let page: Outgoing[] = [];
  let bytes = 0;
  for (const one of outgoing) {
    if (page.length > 0 && bytes + one.bytes > most) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(one);
    bytes += one.bytes;
  }
  if (page.length > 0) yield page;
}

function resultOf(
  desk: Desk,
  items: readonly StartItem[],
  at: number,
  result: StartResult | undefined,
): StartResult {
  if (result === undefined) {
    throw new PerdureError("internal", "The server answered for fewer starts than it was sent.");
  }
  const { key, mode } = items[at] ?? {};
  if (key && mode === "exclusive" && "runId" in result) {
    desk.outcomes.startedUnder({ kind: key.kind, id: key.id }, result.runId);
  }
  return result;
}
