import { parseArgs } from "node:util";
import { modes, type Against, type Faults, type Mode } from "./mode.ts";

export interface Arguments {
  readonly against: Against;
  readonly modes: readonly Mode[];
  readonly faults: Faults;
  readonly seed: number;
  /** Those whose class or name has it. */
  readonly scenario: string;
  readonly atOnce: number;
  /** Keep the results and write the document. */
  readonly write: boolean;
  readonly verbose: boolean;
}

export const usage = `npm run conformance -- [options]

  --against perdure|reference   the server (default: perdure)
  --modes <list>                of ${modes.join(", ")} (default: all; where there are faults: bidi)
  --through proxy               disturb the connections between client, server and services
  --kill                        end the server while scenarios run, and start it again
  --seed <n>                    of what disturbs (default: 1)
  --scenario <text>             only those whose class or name has the text
  --at-once <n>                 scenarios (default: 12; a wave of kills: 20)
  --write                       keep the results and write docs/restate-conformance.md
  --verbose                     every scenario and how long it took`;

export function argumentsOf(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      against: { type: "string", default: "perdure" },
      modes: { type: "string" },
      through: { type: "string" },
      kill: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      scenario: { type: "string", default: "" },
      "at-once": { type: "string" },
      write: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
    },
  });
  const faults = faultsOf(values.through, values.kill);
  const defaultModes = faults === "none" ? modes : (["bidi"] as const);
  if (values.write && values.scenario !== "") {
    throw new Error("--write keeps whole runs, so it does not go with --scenario");
  }
  return {
    against: oneOf(["perdure", "reference"], values.against),
    modes: values.modes?.split(",").map((mode) => oneOf(modes, mode)) ?? defaultModes,
    faults,
    seed: number(values.seed),
    scenario: values.scenario.toLowerCase(),
    atOnce: number(values["at-once"] ?? (faults === "kills" ? "20" : "12")),
    write: values.write,
    verbose: values.verbose,
  };
}

function faultsOf(through: string | undefined, kill: boolean): Faults {
  if (through === undefined) return kill ? "kills" : "none";
  if (kill) throw new Error("--through proxy and --kill are two runs");
  return oneOf(["proxy"], through);
}

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error(`"${value}" is none of ${known.join(", ")}`);
  return found;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`"${text}" is not a whole number`);
  return value;
}
