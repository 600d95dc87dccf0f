/** The ways of a move that write nothing. */
import { compareStores, survey, type MoveProgress, type StoreSource } from "@perdure/engine";
import type { Store } from "@perdure/store";
import { namedStore } from "../connect/named-store.ts";
import type { Context } from "../context.ts";
import { comparisonJson } from "./report.ts";

interface Asked {
  readonly from: string;
  readonly to: string;
  readonly skip?: readonly string[];
}
type Report = (done: MoveProgress) => void;

/** Reads both from end to end. */
export async function compareNamed(context: Context, asked: Asked, report: Report): Promise<void> {
  const { skip: skips = [] } = asked;
  const from = namedStore(asked.from, { option: "--from", absent: "refuse" });
  const to = namedStore(asked.to, { option: "--to", absent: "refuse" });
  const onProgress = reportAs("compare", report);
  const found = await withBoth(from, to, (here, there) =>
    compareStores({ from: here, to: there, skips, onProgress }),
  );
  const { streams, events, counts, named, digests } = found;
  if (counts.missing + counts.different > 0) context.finding();
  const { json, out } = context;
  if (json) return out.json({ from: from.name, to: to.name, ...comparisonJson(found) });
  out.line(`${streams} streams with ${events} events in ${from.name}`);
  out.line(`  ${counts.same} are the same in ${to.name}`);
  if (counts.continued > 0) out.line(`  ${counts.continued} have gone on there`);
  if (counts.missing > 0) out.line(`  ${counts.missing} are not there (forgotten since, or lost)`);
  if (counts.different > 0) out.line(`  ${counts.different} are different there`);
  for (const stream of named) out.line(`    ${stream}`);
  out.line(`sha256 here  ${digests.from}`);
  out.line(`sha256 there ${digests.to}`);
}

/** Counts what there is, and what is in its way. */
export async function surveyNamed(context: Context, asked: Asked, report: Report): Promise<void> {
  const { skip: skips = [] } = asked;
  const from = namedStore(asked.from, { option: "--from", absent: "refuse" });
  const to = namedStore(asked.to, { option: "--to", absent: "empty" });
  const onProgress = reportAs("look", report);
  const { streams, conflicts, named } = await withBoth(from, to, (here, there) =>
    survey({ from: here, to: there, skips, isArriving: false, onProgress }),
  );
  const { json, out } = context;
  if (json) {
    const figures = { streams, conflicts, named: [...named], dryRun: true };
    return out.json({ from: from.name, to: to.name, ...figures });
  }
  out.line(`${streams} streams would move from ${from.name} to ${to.name}; nothing was written.`);
  if (conflicts > 0) out.line(`${conflicts} of them are in ${to.name} already, so they would not:`);
  for (const stream of named) out.line(`  ${stream}`);
}

function reportAs(step: MoveProgress["step"], report: Report) {
  return (done: { readonly streams: number; readonly events: number }) =>
    report({ step, total: undefined, ...done });
}

async function withBoth<T>(
  from: StoreSource,
  to: StoreSource,
  act: (from: Store, to: Store) => Promise<T>,
): Promise<T> {
  const here = await from.open();
  try {
    const there = await to.open();
    try {
      return await act(here, there);
    } finally {
      await there.close();
    }
  } finally {
    await here.close();
  }
}
