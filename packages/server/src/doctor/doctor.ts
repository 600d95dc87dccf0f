/** What a person asks a server that behaves oddly: everything it knows of itself, and what to do. */
import type { ClusterReport, EngineStats } from "@perdure/engine";
import { limits as kernelLimits, type Json } from "@perdure/kernel";
import { nodeLimits } from "@perdure/nodes";
import { wireLimits } from "@perdure/wire";
import type { SettingView } from "../config/describe.ts";
import { clusterFindings } from "./cluster-findings.ts";
import type { ServerLimits } from "../limits.ts";
import type { TracingView } from "../telemetry/tracing.ts";
import { version } from "../version.ts";

export interface Finding {
  readonly level: "ok" | "note" | "warning" | "problem";
  readonly what: string;
  /** What to do; absent: nothing. */
  readonly advice?: string;
}

/** What an engine counts, without what it counts by name. */
type Totals = Omit<EngineStats, "queues">;

export interface DoctorAnswer {
  readonly versions: Readonly<Record<string, string>>;
  readonly upMs: number;
  /** Ms since epoch, to compare with the caller's. */
  readonly now: number;
  readonly limits: Readonly<
    Record<"kernel" | "wire" | "nodes" | "server", Readonly<Record<string, number>>>
  >;
  readonly config: readonly SettingView[];
  readonly store: Json;
  readonly engine: Totals;
  readonly cluster: ClusterReport;
  readonly lagMs: number;
  readonly memoryBytes: number;
  readonly findings: readonly Finding[];
}

export interface DoctorParts {
  readonly stats: () => EngineStats;
  readonly cluster: () => Promise<ClusterReport>;
  readonly now: () => number;
  readonly upMs: () => number;
  readonly lagMs: () => number;
  readonly auditTrouble: () => string | undefined;
  readonly spans: () => TracingView;
  readonly limits: ServerLimits;
  readonly settings: readonly SettingView[];
  readonly storeFacts: () => Promise<Json>;
  readonly insecure: boolean;
}

const LAG_MS = 200;
const COMMIT_MS = 50;
/** A first clock that is this far off is not somebody's time zone. */
const YEAR_2025_MS = 1_735_689_600_000;

export async function examine(parts: DoctorParts): Promise<DoctorAnswer> {
  // Names of queues and namespaces are their tenants' (trap T9).
  const { queues: _, ...engine } = parts.stats();
  const cluster = await parts.cluster();
  const store = await aboutStore(parts);
  return {
    versions: { perdure: version, node: process.version, platform: process.platform },
    upMs: parts.upMs(),
    now: parts.now(),
    limits: { kernel: kernelLimits, wire: wireLimits, nodes: nodeLimits, server: parts.limits },
    config: parts.settings,
    store: store.facts,
    engine,
    cluster,
    lagMs: parts.lagMs(),
    memoryBytes: process.memoryUsage.rss(),
    findings: [...store.findings, ...findings(parts, engine, cluster)],
  };
}

/** A store that does not answer is a finding, and the rest is told all the same. */
async function aboutStore({
  storeFacts,
}: DoctorParts): Promise<{ readonly facts: Json; readonly findings: readonly Finding[] }> {
  try {
    return { facts: await storeFacts(), findings: [] };
  } catch (error) {
    const what = `the store does not answer: ${error instanceof Error ? error.message : String(error)}`;
    const advice = "bring it back; the server goes on by itself, so leave it running";
    return { facts: null, findings: [{ level: "problem", what, advice }] };
  }
}

function findings(parts: DoctorParts, engine: Totals, cluster: ClusterReport): readonly Finding[] {
  const found: Finding[] = [...engineFindings(engine), ...clusterFindings(cluster)];
  const trouble = parts.auditTrouble();
  if (trouble !== undefined) {
    found.push({
      level: "problem",
      what: trouble,
      advice: "make room, or give audit.file a place",
    });
  }
  const { trouble: spanTrouble, lost } = parts.spans();
  if (spanTrouble !== undefined) {
    const what = `${lost} spans were lost: ${spanTrouble}`;
    found.push({ level: "warning", what, advice: "look at otlp.url, and at the collector's log" });
  }
  if (parts.lagMs() > LAG_MS) {
    const what = `the event loop is ${Math.round(parts.lagMs())} ms late`;
    found.push({ level: "warning", what, advice: "give the process a core of its own" });
  }
  if (parts.now() < YEAR_2025_MS) {
    const what = "this machine's clock is years behind";
    found.push({ level: "problem", what, advice: "set it: timers and schedules follow it" });
  }
  if (parts.insecure) {
    const what = "whoever reaches this address may do everything";
    found.push({ level: "warning", what, advice: "make a key and start without insecure" });
  }
  if (found.length === 0) found.push({ level: "ok", what: "nothing is wrong that shows here" });
  return found;
}

function* engineFindings(engine: Totals): Generator<Finding> {
  const { phase, storeTrouble, refused, workers, runsWaiting, tasksWaiting } = engine;
  if (phase !== "running") {
    yield {
      level: "problem",
      what: `the engine is ${phase}`,
      advice: "look into the log, restart",
    };
  }
  if (storeTrouble !== undefined) {
    const what = `the store refuses commits: ${JSON.stringify(storeTrouble)}`;
    yield { level: "problem", what, advice: "make room on its disk, or mend the disk" };
  }
  if (refused !== undefined) {
    const { partitions, reason } = refused;
    const what = `partitions ${partitions.join(", ")} are refused. The first: ${reason}`;
    const advice = "follow docs/runbook/postgresql.md: databases stand at different moments";
    yield { level: "problem", what, advice };
  }
  const waiting = runsWaiting + tasksWaiting;
  if (waiting > 0 && workers === 0) {
    const what = `${waiting} runs and steps wait for a worker, and none is connected`;
    yield {
      level: "problem",
      what,
      advice: "start one: `perdure workers list` shows who was here",
    };
  } else if (waiting > 0) {
    const what = `${waiting} runs and steps wait for a worker`;
    yield { level: "note", what, advice: "ask `perdure why <run>` whether it is capacity or code" };
  }
  const mean = engine.commits === 0 ? 0 : engine.commitMs / engine.commits;
  if (mean > COMMIT_MS) {
    const what = `a commit takes ${Math.round(mean)} ms on average`;
    yield { level: "warning", what, advice: "put the store on a faster disk" };
  }
}
