/** Replays journals against code and gathers what is found: equal differences are told once. */
import { PerdureError } from "@perdure/kernel";
import { Registry, type Definitions } from "../../worker/registry.ts";
import { testingLimits } from "../limits.ts";
import { placeOf } from "../report/place.ts";
import { differenceOf, remarkOf, type Difference } from "./difference.ts";
import { fixFor } from "./fix.ts";
import { messageOf, type Journal, type JournalSource, type UnreadableJournal } from "./journal.ts";
import { replay } from "./replay.ts";
import type { CheckReport, DifferingGroup, RemarkGroup, RunCheck, RunGroup } from "./report.ts";

export interface CheckOptions {
  /** The code, or a function that loads it: what that throws is part of the report. */
  readonly definitions: Definitions | (() => Definitions | Promise<Definitions>);
  /** From `exportedJournals`, from `liveJournals`, or in memory. */
  readonly journals: JournalSource;
  /**
   * Called before a run is replayed. Code that never gives the thread back cannot be stopped from
   * inside of it; whoever watches from outside knows by this which run it was.
   */
  readonly onRun?: (run: { readonly runId: string; readonly workflow: string }) => void;
  /** Called with what was found of each run. */
  readonly onChecked?: (check: RunCheck) => void;
}

/**
 * Replays each journal and says where the code would not do what was recorded. No step runs, and
 * nothing is written.
 *
 * ```ts
 * const report = await checkJournals({
 *   definitions: { workflows: [returns] },
 *   journals: exportedJournals(createInterface({ input: createReadStream("runs.jsonl") })),
 * });
 * if (!report.isClean) console.error(renderCheck(report));
 * ```
 */
export async function checkJournals(options: CheckOptions): Promise<CheckReport> {
  const startedAt = performance.now();
  const findings = new Findings();
  let registry: Registry;
  try {
    const { definitions } = options;
    registry = new Registry(typeof definitions === "function" ? await definitions() : definitions);
  } catch (error) {
    const at = error instanceof Error ? placeOf(error) : undefined;
    const loading = { message: messageOf(error), ...(at === undefined ? {} : { at }) };
    return { ...findings.report(startedAt), isClean: false, loading };
  }
  for await (const item of options.journals) {
    if ("problem" in item) findings.unreadable(item);
    else await checkRun(item, registry, options, findings);
  }
  return findings.report(startedAt);
}

async function checkRun(
  journal: Journal,
  registry: Registry,
  { onRun, onChecked }: CheckOptions,
  findings: Findings,
): Promise<void> {
  const { runId, workflow } = journal.spec;
  const code = registry.workflows.get(workflow);
  const run = { runId, workflow };
  if (!code) {
    findings.withoutCode(journal);
    onChecked?.({ ...run, status: "no-code" });
    return;
  }
  onRun?.(run);
  try {
    const found = await replay(code, journal);
    const difference = differenceOf(journal, found);
    if (difference) {
      const isNew = findings.differs(journal, difference);
      if (isNew) isNew(await fixFor(code, journal, found, difference));
      onChecked?.({ ...run, status: "differs", difference });
      return;
    }
    const remark = remarkOf(journal, found);
    findings.agrees(journal, remark);
    onChecked?.({ ...run, status: "agrees", ...(remark === undefined ? {} : { remark }) });
  } catch (error) {
    if (!(error instanceof PerdureError)) throw error;
    findings.unreadable({ where: `run ${runId}`, problem: error.message });
  }
}

type Open<T extends RunGroup> = Omit<T, "runs" | "runIds"> & { runs: number; runIds: string[] };

class Findings {
  readonly #groups = new Map<string, Open<DifferingGroup>>();
  readonly #remarks = new Map<string, Open<RemarkGroup>>();
  readonly #withoutCode = new Map<string, Open<RunGroup>>();
  readonly #unreadables: UnreadableJournal[] = [];
  #unreadable = 0;
  #agrees = 0;
  #events = 0;

  agrees(journal: Journal, remark: string | undefined): void {
    this.#agrees += 1;
    this.#events += journal.events.length;
    if (remark !== undefined) this.#join(this.#remarks, journal, remark, { remark });
  }

  /** A difference that is new wants its fix. */
  differs(
    journal: Journal,
    difference: Difference,
  ): ((fix: DifferingGroup["fix"]) => void) | undefined {
    this.#events += journal.events.length;
    const signature = signatureOf(difference);
    const unknown = { change: "none", text: "" } as const;
    const group = this.#join(this.#groups, journal, signature, { difference, fix: unknown });
    if (group.runs > 1) return undefined;
    return (fix) => void Object.assign(group, { fix });
  }

  withoutCode(journal: Journal): void {
    this.#join(this.#withoutCode, journal, "", {});
  }

  unreadable(journal: UnreadableJournal): void {
    this.#unreadable += 1;
    if (this.#unreadables.length < testingLimits.unreadableShown) this.#unreadables.push(journal);
  }

  report(startedAt: number): CheckReport {
    const groups = byRuns(this.#groups);
    const withoutCode = byRuns(this.#withoutCode);
    const differs = sum(groups);
    const noCode = sum(withoutCode);
    return {
      isClean: differs + noCode + this.#unreadable === 0,
      runs: this.#agrees + differs + noCode + this.#unreadable,
      events: this.#events,
      agrees: this.#agrees,
      differs,
      noCode,
      unreadable: this.#unreadable,
      groups,
      withoutCode,
      unreadables: this.#unreadables,
      remarks: byRuns(this.#remarks),
      seconds: (performance.now() - startedAt) / 1000,
    };
  }

  #join<T extends RunGroup>(
    groups: Map<string, Open<T>>,
    { spec: { runId, workflow } }: Journal,
    signature: string,
    more: Omit<T, keyof RunGroup>,
  ): Open<T> {
    const id = `${workflow}\n${signature}`;
    const group =
      groups.get(id) ?? ({ workflow, runs: 0, runIds: [], ...more } as unknown as Open<T>);
    groups.set(id, group);
    group.runs += 1;
    if (group.runIds.length < testingLimits.groupRuns) group.runIds.push(runId);
    return group;
  }
}

/** Where it stands in the journal does not matter: loops reach the same call again and again. */
function signatureOf({ type, recorded, asked, at, after }: Difference): string {
  const plain = (text: string) => text.replace(/ \(event \d+\)$/, "").replace(/#\d+"/g, '"');
  return [type, plain(recorded), plain(asked), at ?? after ?? ""].join("\n");
}

function byRuns<T extends RunGroup>(groups: ReadonlyMap<string, Open<T>>): T[] {
  return [...groups.values()].toSorted((a, b) => b.runs - a.runs) as unknown as T[];
}

function sum(groups: readonly RunGroup[]): number {
  return groups.reduce((total, { runs }) => total + runs, 0);
}
