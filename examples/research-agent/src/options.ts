import { parseArgs } from "node:util";
import { crashPoints, type CrashPoint } from "./config.ts";

export interface DemoOptions {
  readonly interactive: boolean;
  readonly crashAfter: CrashPoint;
  readonly keep: boolean;
}

const usage = `node --conditions=perdure-source examples/research-agent/src/demo.ts [options]
  --interactive        you decide whether the report is published
  --crash-after TOOL   where the agent dies: ${crashPoints.join(", ")} (default take_note)
  --keep               keep the folder with the databases and the report
  --help               this text`;

/** Reads the command line; answers the text to print instead when there is nothing to run. */
export function readOptions(
  args: string[],
): DemoOptions | { readonly help: string; readonly exitCode: number } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        interactive: { type: "boolean", default: false },
        "crash-after": { type: "string", default: "take_note" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { help: usage, exitCode: 0 };
    const crashAfter = crashPoints.find((point) => point === values["crash-after"]);
    if (crashAfter === undefined) throw new Error(`no such TOOL: ${values["crash-after"]}`);
    return { interactive: values.interactive, crashAfter, keep: values.keep };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { help: `${reason}\n\n${usage}`, exitCode: 2 };
  }
}
