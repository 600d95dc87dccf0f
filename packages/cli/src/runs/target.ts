/** The run that a command is about: a run id, the start of one, or a business key. */
import type { EngineClient, Target } from "@perdure/engine";
import { isRunId, limits, PerdureError, type KeyRef, type RunId } from "@perdure/kernel";
import type { Command } from "commander";
import type { Context } from "../context.ts";

export interface KeyOptions {
  readonly key?: string;
  readonly kind?: string;
}

export function withKey(command: Command): Command {
  return command
    .option("--key <key>", "the run under a business key, in place of a run id: 7, object:cart/7")
    .option("--kind <kind>", "what the key is of (default: as the key says, or workflow)");
}

/**
 * The arguments of a verb on a run, the run first. With `--key` the run's place is not taken, and the
 * others move up.
 */
export function withRun<Rest extends readonly (string | undefined)[]>(
  { key }: KeyOptions,
  given: readonly [string | undefined, ...Rest],
): readonly [string | undefined, ...Rest] {
  if (key === undefined) return given;
  if (given.at(-1) === undefined) {
    return [undefined, ...given.slice(0, -1)] as unknown as readonly [undefined, ...Rest];
  }
  const text = `"${given[0]}" is one argument too many: with --key there is no run id.`;
  throw new PerdureError("invalid-argument", text);
}

/** An argument that commander cannot require, because `--key` may move it. */
export function required(text: string | undefined, what: string): string {
  if (text !== undefined) return text;
  throw new PerdureError("invalid-argument", `${what} is missing: see --help for the order.`);
}

/** Shorter ones would name the runs of days. */
const MIN_PREFIX = 8;
const PREFIX = /^[0-9a-f]{8}[0-9a-f-]*$/;
const MINUTE = 60_000;

/** For verbs that take keys: the engine finds the current run when it carries them out. */
export async function targetOf(
  context: Context,
  run: string | undefined,
  options: KeyOptions,
): Promise<Target> {
  if (options.key !== undefined) return { key: keyOf(context, options) };
  return { runId: await runIdOf(context, run, options) };
}

/** The current run under a key; the last one where none is open. */
export async function runIdOf(
  context: Context,
  run: string | undefined,
  options: KeyOptions = {},
): Promise<RunId> {
  const engine = await context.engine();
  if (options.key !== undefined) return runUnderKey(engine, keyOf(context, options));
  if (run === undefined) {
    const text = "Which run? Give its id, or --key <id> for the run under a business key.";
    throw new PerdureError("invalid-argument", text);
  }
  if (isRunId(run)) return run;
  return run.startsWith("inv_") ? invoked(run) : runByPrefix(engine, context, run.toLowerCase());
}

/** Restate's ids of invocations stand for runs. */
async function invoked(invocation: string): Promise<RunId> {
  const { parseInvocationId } = await import("@perdure/protocol-restate/protocol");
  return parseInvocationId(invocation);
}

export function keyOf({ namespace }: Context, { key = "", kind }: KeyOptions): KeyRef {
  return { namespace, ...keyParts(key, kind) };
}

/** `<id>` of a workflow, or `<kind>/<id>` where it begins with a kind that there is. */
export function keyParts(key: string, kind?: string): Pick<KeyRef, "kind" | "id"> {
  if (kind !== undefined) return { kind, id: key };
  const [whole, known, id] = /^(workflow|idempotency|object:[^/]+)\/(.+)$/s.exec(key) ?? [];
  if (whole === undefined || known === undefined) return { kind: "workflow", id: key };
  return { kind: known, id: id ?? "" };
}

async function runUnderKey(engine: EngineClient, key: KeyRef): Promise<RunId> {
  const current = await engine.lookup(key);
  if (current !== undefined) return current;
  const query = { namespace: key.namespace, key: key.id, limit: limits.pageRows };
  const { rows } = await engine.list(query);
  const last = rows.find(({ keyKind }) => keyKind === key.kind);
  if (last) return last.runId;
  const kind = key.kind === "workflow" ? "" : ` of kind "${key.kind}"`;
  const text = `There is no run under the key "${key.id}"${kind}. perdure runs list shows which there are.`;
  throw new PerdureError("not-found", text);
}

/**
 * Run ids begin with the moment they were drawn, so the start of one says where to look. A run
 * that waited for its turn under a key began later than its id, so the end is open.
 */
async function runByPrefix(engine: EngineClient, context: Context, prefix: string): Promise<RunId> {
  if (prefix.length < MIN_PREFIX || !PREFIX.test(prefix)) {
    const text = `"${prefix}" is no run id: give all of it, or at least its first ${MIN_PREFIX} characters.`;
    throw new PerdureError("invalid-argument", text);
  }
  const digits = prefix.replaceAll("-", "").slice(0, 12);
  const from = parseInt(digits.padEnd(12, "0"), 16) - MINUTE;
  const to = parseInt(digits.padEnd(12, "f"), 16) + MINUTE;
  const { namespace } = context;
  const near = await matches(engine, { namespace, startedAfter: from, startedBefore: to }, prefix);
  const found =
    near.length > 0 ? near : await matches(engine, { namespace, startedAfter: from }, prefix);
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined) {
    const text = `There is no run whose id begins with ${prefix}. perdure runs list shows which there are.`;
    throw new PerdureError("not-found", text);
  }
  const some = found.slice(0, 3).join(", ");
  const text = `${found.length} runs begin with ${prefix} (${some}${found.length > 3 ? ", …" : ""}): give more of the id.`;
  throw new PerdureError("invalid-argument", text);
}

/** Pages looked through for a prefix; beyond them the whole id is asked for. */
const MAX_PAGES = 20;

async function matches(
  engine: EngineClient,
  query: Omit<Parameters<EngineClient["list"]>[0], "limit" | "cursor">,
  prefix: string,
): Promise<RunId[]> {
  const found: RunId[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { rows, cursor: next } = await engine.list({
      ...query,
      limit: limits.pageRows,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...rows.map(({ runId }) => runId).filter((id) => id.startsWith(prefix)));
    if (next === undefined) return found;
    cursor = next;
  }
  return found;
}
