/** The figures as text. Every one of them was counted by this run. */
import type { Outcome } from "../letter.ts";
import type { Stats } from "../services/ledger.ts";
import type { Books } from "./audit.ts";
import type { Killed } from "./stage.ts";
import { effectKinds } from "./evidence.ts";
import { faults, type Finding } from "./reconcile.ts";
import type { Tally } from "./tally.ts";

const FINDINGS_SHOWN = 20;
const REFUSALS_SHOWN = 6;

export interface Figures extends Books {
  readonly killed: readonly Killed[];
  readonly seconds: number;
}

export function reportOf(figures: Figures): string {
  return [
    intake(figures),
    table(figures.reconciliation.tallies),
    services(figures.stats),
    crashes(figures),
    verdict(figures.reconciliation.findings),
  ].join("\n\n");
}

function intake({ accepted, rejected }: Figures): string {
  const shown = rejected.slice(0, REFUSALS_SHOWN);
  return [
    `${accepted + rejected.length} lines read: ${accepted} requests accepted, ${rejected.length} lines refused:`,
    ...shown.map(({ line, reason }) => `  line ${line}: ${clip(reason)}`),
    `  and ${rejected.length - shown.length} more; all of them are in rejects.jsonl (see --keep)`,
  ].join("\n");
}

/** Expected and found, by outcome: `12/12` owed twelve and holds twelve. */
function table(tallies: Readonly<Record<Outcome, Tally>>): string {
  const rows = (Object.entries(tallies) as [Outcome, Tally][]).map(([outcome, tally]) => [
    outcome,
    String(tally.returns),
    ...effectKinds.map((kind) => `${tally.found[kind]}/${tally.expected[kind]}`),
  ]);
  const sum = (of: (tally: Tally) => number) =>
    Object.values(tallies).reduce((total, tally) => total + of(tally), 0);
  const total = [
    "all",
    String(sum((tally) => tally.returns)),
    ...effectKinds.map((kind) => `${sum((t) => t.found[kind])}/${sum((t) => t.expected[kind])}`),
  ];
  const head = ["outcome", "returns", "labels", "voids", "refunds", "declines", "asks", "mails"];
  return `In the services' own ledgers, found/owed:\n${columns([head, ...rows, total])}`;
}

function services(stats: Readonly<Record<string, Stats>>): string {
  const rows = Object.entries(stats).map(([name, { calls, effects, suppressed, conflicts }]) =>
    [name, calls, effects, suppressed, conflicts].map(String),
  );
  const head = ["service", "calls", "recorded", "repeats stopped by key", "key misused"];
  return columns([head, ...rows]);
}

function crashes({ killed, maybeRan, seconds }: Figures): string {
  return [
    ...killed.map(
      ({ what, kills, cutOff, of }) =>
        `${what} killed ${kills} times at work (SIGKILL), with ${cutOff} ${of} under way.`,
    ),
    `${maybeRan} steps may have run twice, and the journal says which.`,
    `Time: ${seconds.toFixed(1)} s.`,
  ].join("\n");
}

function verdict(findings: readonly Finding[]): string {
  const counts = faults.map(
    (fault) => `${fault} ${findings.filter((finding) => finding.fault === fault).length}`,
  );
  const shown = findings
    .slice(0, FINDINGS_SHOWN)
    .map(({ fault, returnId, what }) => `  ${fault}: ${returnId}: ${what}`);
  const more = findings.length - shown.length;
  return [counts.join(", "), ...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(pad).join("  ")}`).join("\n");
}

const clip = (text: string): string => (text.length > 90 ? `${text.slice(0, 89)}…` : text);
