import { spawn } from "node:child_process";

export interface Outcome {
  code: number;
  output: string;
}

/** Runs a command to its end and gathers what it printed; `echo` shows it as it comes. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; echo?: boolean } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (sink: NodeJS.WriteStream) => (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (options.echo) sink.write(chunk);
    };
    child.stdout.on("data", take(process.stdout));
    child.stderr.on("data", take(process.stderr));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal !== null) output += `\n${command} ended by ${signal}\n`;
      resolve({ code: code ?? 1, output });
    });
  });
}

export interface Tally {
  passed: number;
  failed: number;
}

/** The closing line that people and machines read. It is always the last one printed. */
export function closingLine({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}
