/** The command line. */
import { parseArgs } from "node:util";
import { workersOf, type Workers } from "./remote/kinds.ts";
import { readOverrides, type Overrides } from "./shrink/overrides.ts";

export const usage = `npm run sim -- --seeds 1000 [--first 1] [--bug <name>] [--workers link|stream|push|mixed]
npm run sim -- --seconds 30
npm run sim -- --night --seeds 20000
npm run sim -- replay <seed> [--bug <name>] [--workers …] [--with '<overrides>']
npm run sim -- shrink <seed> [--bug <name>] [--workers …] [--with '<overrides>'] [--seconds 120]
npm run sim -- --check-determinism 20
npm run sim -- hashes --first 1 --seeds 20
npm run sim -- bugs [--bug <name>]
npm run sim -- exhaustive [--night] [--bug <name>]
Seeds, bugs and worlds are spread over as many processes as there are cores, or --jobs <n>.`;

export type Command =
  | { readonly type: "help" }
  | {
      readonly type: "seeds";
      readonly first: number;
      readonly seeds: number;
      readonly seconds: number;
      readonly bug: string | undefined;
      /** Red, too, when something that must be reached was not. */
      readonly isNight: boolean;
      readonly workers: Workers | undefined;
      /** Processes; absent: as many as there are cores. */
      readonly jobs: number | undefined;
    }
  | {
      readonly type: "replay";
      readonly seed: number;
      readonly bug: string | undefined;
      /** As `shrink` prints them. */
      readonly overrides: Overrides;
    }
  | {
      readonly type: "shrink";
      readonly seed: number;
      readonly bug: string | undefined;
      readonly seconds: number | undefined;
      /** What it is red with. */
      readonly overrides: Overrides;
    }
  | { readonly type: "determinism" | "hashes"; readonly first: number; readonly seeds: number }
  | { readonly type: "bugs"; readonly bug: string | undefined; readonly jobs: number | undefined }
  | {
      readonly type: "exhaustive";
      readonly isNight: boolean;
      readonly bug: string | undefined;
      readonly jobs: number | undefined;
    };

export function readArguments(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seeds: { type: "string" },
      seconds: { type: "string" },
      first: { type: "string", default: "1" },
      bug: { type: "string" },
      workers: { type: "string" },
      jobs: { type: "string" },
      with: { type: "string", default: "{}" },
      night: { type: "boolean", default: false },
      "check-determinism": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return { type: "help" };
  const first = whole("--first", values.first);
  const { bug } = values;
  const workers = kindNamed(values.workers);
  const jobs = values.jobs === undefined ? undefined : whole("--jobs", values.jobs);
  const checked = values["check-determinism"];
  if (checked !== undefined) {
    return { type: "determinism", first, seeds: whole("--check-determinism", checked) };
  }
  const overrides = {
    ...(workers === undefined ? {} : { workers }),
    ...readOverrides(values.with),
  };
  if (positionals[0] === "replay") {
    return { type: "replay", seed: whole("seed", positionals[1]), bug, overrides };
  }
  if (positionals[0] === "shrink") {
    const seconds = values.seconds === undefined ? undefined : whole("--seconds", values.seconds);
    return { type: "shrink", seed: whole("seed", positionals[1]), bug, seconds, overrides };
  }
  if (positionals[0] === "hashes") {
    return { type: "hashes", first, seeds: whole("--seeds", values.seeds) };
  }
  if (positionals[0] === "bugs") return { type: "bugs", bug, jobs };
  if (positionals[0] === "exhaustive") {
    return { type: "exhaustive", isNight: values.night, bug, jobs };
  }
  return {
    type: "seeds",
    first,
    seeds: values.seeds === undefined ? Infinity : whole("--seeds", values.seeds),
    seconds: secondsOf(values),
    bug,
    isNight: values.night,
    workers,
    jobs,
  };
}

function kindNamed(text: string | undefined): Workers | undefined {
  const kind = workersOf.find((one) => one === text);
  if (text === undefined || kind !== undefined) return kind;
  throw new Error(`--workers takes ${workersOf.join(", ")}, not ${text}`);
}

/** Without a number of seeds it runs for a while. */
function secondsOf(values: { readonly seeds?: string; readonly seconds?: string }): number {
  if (values.seconds !== undefined) return whole("--seconds", values.seconds);
  return values.seeds === undefined ? 30 : Infinity;
}

function whole(name: string, text: string | undefined): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`${name} needs a whole number, not ${text ?? "nothing"}`);
}
