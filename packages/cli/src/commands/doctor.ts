import type { JsonObject } from "@perdure/kernel";
import { limits } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import { numberIn, objectIn, objectsIn, textIn } from "../connect/fields.ts";
import type { Context } from "../context.ts";
import { bytes } from "../terminal/preview.ts";
import { bold, cut, dim, green, red, wrap, yellow, type Text } from "../terminal/text.ts";
import { span } from "../terminal/time.ts";
import { packageVersion } from "../version.ts";

/** Clocks that are further apart make "3 m ago" wrong, and leases odd. */
const SKEW_MS = 2_000;

export const doctor: CommandOf = (choose) =>
  new Command("doctor")
    .description("what the server knows of itself, what is wrong with it, and what to do")
    .option("--limits", "every limit, too")
    .option("--config", "every setting and where it comes from, too")
    .action((options: { readonly limits?: true; readonly config?: true }) =>
      choose(async (context) => {
        const before = context.now();
        const answer = await examined(context);
        const findings = findingsOf(answer, before, context.now());
        if (findings.some(({ level }) => level === "problem")) context.finding();
        if (context.json) {
          context.out.json({ ...answer, cli: packageVersion(), findings });
          return;
        }
        context.out.lines(summaryLines(answer, context));
        context.out.lines(findings.flatMap((one) => findingLines(one, context.width)));
        if (options.config) context.out.lines(configLines(answer, context.width));
        if (options.limits) context.out.lines(limitLines(answer));
      }),
    );

/** A server's own word; of a store that is open here, what its engine says. */
async function examined(context: Context): Promise<JsonObject> {
  const facts = await context.facts();
  if (facts === undefined) return (await context.server()).call("server.doctor", {});
  const versions = { perdure: packageVersion(), node: process.version };
  const trouble = textIn(objectIn(facts, "engine"), "storeTrouble");
  const finding =
    trouble === ""
      ? { level: "ok", what: "the store opens, and every run that is open was read" }
      : { level: "problem", what: `the store refuses commits: ${trouble}` };
  return { versions, ...facts, limits: { kernel: limits }, findings: [finding] };
}

interface Finding {
  readonly level: string;
  readonly what: string;
  readonly advice?: string;
}

function findingsOf(answer: JsonObject, before: number, after: number): Finding[] {
  const found = objectsIn(answer, "findings").map((one) => ({
    level: textIn(one, "level"),
    what: textIn(one, "what"),
    ...(one["advice"] === undefined ? {} : { advice: textIn(one, "advice") }),
  }));
  const theirs = numberIn(answer, "now");
  if (theirs !== undefined) {
    const skew = Math.max(before - theirs, theirs - after, 0);
    if (skew > SKEW_MS) {
      const what = `the server's clock and this machine's are ${span(skew)} apart`;
      found.push({ level: "warning", what, advice: "set both by NTP" });
    }
  }
  const version = textIn(objectIn(answer, "versions"), "perdure");
  if (version !== "" && version !== packageVersion()) {
    const what = `the server is version ${version}, this command line ${packageVersion()}`;
    found.push({ level: "note", what, advice: "use the same version" });
  }
  return found;
}

function summaryLines(answer: JsonObject, { width }: Context): Text[] {
  const versions = objectIn(answer, "versions");
  const engine = objectIn(answer, "engine");
  const upMs = numberIn(answer, "upMs");
  const memory = numberIn(answer, "memoryBytes");
  const facts: [string, string | undefined][] = [
    [
      "versions",
      Object.keys(versions)
        .map((name) => `${name} ${textIn(versions, name)}`)
        .join(", "),
    ],
    ["up", upMs === undefined ? undefined : span(upMs)],
    ["memory", memory === undefined ? undefined : bytes(memory)],
    ["engine", Object.keys(engine).length === 0 ? undefined : engineText(engine)],
    ["cluster", clusterText(objectIn(answer, "cluster"))],
    ["store", answer["store"] === undefined ? undefined : storeText(objectIn(answer, "store"))],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined
      ? []
      : wrap(value, width - 10).map((line, at): Text => {
          return [dim((at === 0 ? name : "").padEnd(10)), line];
        }),
  );
}

/** `sqlite, version 2, partitions 64, file …`: what a store says of itself, level by level. */
function storeText(store: JsonObject): string {
  const { kind: _, detail: __, ...rest } = store;
  const facts = { ...rest, ...objectIn(store, "detail") };
  const words = Object.keys(facts).map((name) => `${name} ${textIn(facts, name)}`);
  return [textIn(store, "kind"), ...words].join(", ");
}

/** Undefined: the server has its store for itself, which goes without saying. */
function clusterText(cluster: JsonObject): string | undefined {
  const nodes = objectsIn(cluster, "nodes");
  if (nodes.length === 0) return undefined;
  const partitions = objectsIn(cluster, "partitions");
  const sum = (name: string): number =>
    partitions.reduce((all, one) => all + (numberIn(one, name) ?? 0), 0);
  const epochs = partitions.map((one) => numberIn(one, "epoch") ?? 0);
  const self = textIn(cluster, "self");
  const own = partitions.filter((one) => textIn(one, "owner") === self).length;
  return [
    `node ${self} of ${nodes.length}`,
    `${own} of ${partitions.length} partitions`,
    `epochs ${Math.min(...epochs)} to ${Math.max(...epochs)}`,
    `queued ${sum("queued")}`,
    `commits in flight ${sum("commitsInFlight")}`,
  ].join(", ");
}

function engineText(engine: JsonObject): string {
  const names = ["phase", "workers", "runsWaiting", "tasksWaiting", "liveStreams", "queued"];
  return names
    .filter((name) => engine[name] !== undefined)
    .map((name) => `${name} ${textIn(engine, name)}`)
    .join(", ");
}

function findingLines({ level, what, advice }: Finding, width: number): Text[] {
  const marks: Readonly<Record<string, Text>> = {
    ok: green("✓"),
    note: dim("•"),
    warning: yellow("!"),
    problem: red("✗"),
  };
  const lines = wrap(what, width - 2).map((line, index): Text => [
    index === 0 ? (marks[level] ?? "•") : " ",
    " ",
    line,
  ]);
  return advice === undefined
    ? lines
    : [...lines, ...wrap(`→ ${advice}`, width - 4).map((line): Text => ["    ", line])];
}

function configLines(answer: JsonObject, width: number): Text[] {
  const lines = objectsIn(answer, "config").map((one): Text => [
    textIn(one, "name").padEnd(28),
    " ",
    (textIn(one, "value") || "-").padEnd(24),
    " ",
    dim(`${textIn(one, "source")}  ${textIn(one, "env")}`),
  ]);
  return ["", bold("Settings"), ...lines.map((line) => cut(line, width))];
}

function limitLines(answer: JsonObject): Text[] {
  const groups: JsonObject =
    answer["limits"] === undefined ? { kernel: limits } : objectIn(answer, "limits");
  return Object.keys(groups).flatMap((name) => {
    const group = objectIn(groups, name);
    const lines = Object.keys(group).map((one) => `${one.padEnd(28)} ${textIn(group, one)}`);
    return ["", bold(`Limits: ${name}`), ...lines];
  });
}
