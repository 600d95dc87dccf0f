/** One command line, from words to exit code. */
import { InvariantError, PerdureError } from "@perdure/kernel";
import { CommanderError } from "commander";
import { connect } from "./connect/connect.ts";
import type { Act, Connection, Context, Globals, World } from "./context.ts";
import { endings, exitCodes } from "./exit-codes.ts";
import { program } from "./program.ts";
import { Output } from "./terminal/output.ts";
import { sanitise } from "./terminal/sanitise.ts";
import { red, type Text } from "./terminal/text.ts";

export interface Parsed {
  readonly act: Act;
  readonly globals: Globals;
}

/** Undefined: it was a question about the command line, and has been answered. */
export function parse(
  words: readonly string[],
  { out, err, width }: Pick<World, "out" | "err" | "width">,
): Parsed | undefined {
  let act: Act | undefined;
  const root = program((chosen) => (act = chosen), { writeOut: out, writeErr: err, width });
  root.parse(words, { from: "user" });
  return act && { act, globals: root.opts<Globals>() };
}

/** Runs a command line; never throws. */
export async function run(words: readonly string[], world: World): Promise<number> {
  const hasJson = words.includes("--json");
  try {
    const parsed = parse(words[0] === "--version" ? ["version"] : words, {
      ...world,
      // Commander quotes what it was given.
      err: (text) => world.err(text.split("\n").map(sanitise).join("\n")),
    });
    if (parsed === undefined) return exitCodes.ok.code;
    return await carryOut(parsed, world);
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    }
    return report(error, new Output(world.err, hasColour(world, {}, world.errIsTerminal)), hasJson);
  }
}

async function carryOut({ act, globals }: Parsed, world: World): Promise<number> {
  const err = new Output(world.err, hasColour(world, globals, world.errIsTerminal));
  let connection: Promise<Connection> | undefined;
  let code: number = exitCodes.ok.code;
  let hasStopped = false;
  const open = (): Promise<Connection> =>
    (connection ??= world.connect?.() ?? connect(globals, world.env, err));
  const context: Context = {
    engine: async () => (await open()).client,
    server: async () => {
      const { api } = await open();
      if (api) return api;
      const text = "This is a server's to answer: name one with --server instead of --store.";
      throw new PerdureError("invalid-argument", text);
    },
    facts: async () => (await open()).facts?.(),
    namespace: globals.namespace ?? "default",
    out: new Output(world.out, hasColour(world, globals, world.outIsTerminal)),
    err,
    now: world.now,
    env: world.env,
    json: globals.json === true,
    width: world.width,
    isTerminal: world.outIsTerminal,
    errIsTerminal: world.errIsTerminal,
    isInteractive: world.outIsTerminal && world.inIsTerminal && globals.json !== true,
    interrupted: world.interrupted,
    confirm: async (question) => /^y(es)?$/i.test(await world.ask(`${sanitise(question)} [y/N] `)),
    readStdin: world.readStdin,
    store: globals.store,
    stopped: () => (hasStopped = true),
    finding: () => (code = exitCodes.finding.code),
  };
  try {
    await act(context);
  } catch (error) {
    code = report(error, err, context.json);
  } finally {
    await connection?.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
  return world.interrupted.aborted && !hasStopped ? exitCodes.interrupted.code : code;
}

/** One or two lines; a program gets the error as JSON, on standard error too. */
function report(error: unknown, err: Output, asJson: boolean): number {
  const known = error instanceof PerdureError ? error : unexpected(error);
  if (asJson) {
    const { code, message, detail } = known;
    err.json({ error: { code, message, ...(detail === undefined ? {} : { detail }) } }, "line");
  } else {
    const [first = "", ...rest] = known.message.split("\n");
    err.line([red("error: "), first]);
    err.lines(rest.map((line): Text => ["  ", line]));
  }
  return exitCodes[endings[known.code]].code;
}

function unexpected(error: unknown): PerdureError {
  const ofFile = fileError(error);
  if (ofFile) return ofFile;
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const what = error instanceof InvariantError ? "A broken invariant" : "Something unexpected";
  const text = [`${what}: ${message}`, ...frames.slice(0, 5).map((frame) => frame.trim())];
  return new PerdureError("internal", text.join("\n"), { cause: error });
}

/** A file that cannot be read or written is whoever named it's to mend. */
function fileError(error: unknown): PerdureError | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("path" in error)) return undefined;
  const text = `${String(error.path)} cannot be used: ${String(error.code)}. Check the path and who may write there.`;
  return new PerdureError("invalid-argument", text, { cause: error });
}

/** https://no-color.org and https://force-color.org; a flag is stronger than either. */
function hasColour({ env }: World, { color }: Globals, isTerminal: boolean): boolean {
  if (color === false || env["NO_COLOR"]) return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && env["TERM"] !== "dumb";
}
