import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly kills: number;
  readonly seed: number;
  readonly keep: boolean;
  /**
   * Who is there: one process that has it all; a server, two workers and a driver; or the same with
   * three servers on two databases.
   */
  readonly cast: "embedded" | "server" | "cluster";
  readonly startsPerSecond: number;
}

/** Fewer kills than this show too little: the demo then fails, unless fewer were asked for. */
export const KILLS_WANTED = 20;

const usage = `npm run demo -- [options]
  --server    a server, two workers and the driver, instead of one process that has it all
  --cluster   three servers on two PostgreSQL databases, two workers and the driver
  --kills N   kill these processes N times while they work (default 24, at most 200)
  --seed N    where faults, approvals and kills come from (default: a random one, printed)
  --rate N    returns started in a second (default 10)
  --keep      keep the folder with the databases, ledgers and logs
  --help      this text`;

/** Reads the command line; answers the text to print instead when there is nothing to run. */
export function readOptions(
  args: string[],
): DemoOptions | { readonly help: string; readonly exitCode: number } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kills: { type: "string", default: "24" },
        seed: { type: "string", default: String(randomInt(1, 1_000_000)) },
        rate: { type: "string", default: "10" },
        server: { type: "boolean", default: false },
        cluster: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { help: usage, exitCode: 0 };
    return {
      kills: whole("--kills", values.kills, 0, 200),
      seed: whole("--seed", values.seed, 0, Number.MAX_SAFE_INTEGER),
      startsPerSecond: whole("--rate", values.rate, 1, 200),
      cast: values.cluster ? "cluster" : values.server ? "server" : "embedded",
      keep: values.keep,
    };
  } catch (error) {
    return {
      help: `${error instanceof Error ? error.message : String(error)}\n\n${usage}`,
      exitCode: 2,
    };
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`${name} wants a whole number from ${min} to ${max}, not "${text}"`);
}
