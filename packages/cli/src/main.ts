/** The process: what `bin/perdure.cjs` starts once it knows that Node is new enough. */
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import type { World } from "./context.ts";
import { run } from "./run.ts";

/** A pipe has no width; what is read there is read in an editor or a terminal of the usual one. */
const PIPED_WIDTH = 80;

export async function main(words: readonly string[]): Promise<void> {
  const { stdin, stdout, stderr } = process;
  const interrupted = new AbortController();
  const interrupt = (): void => {
    // The second time there is no more patience.
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Nobody reads any more (`| head`): that is the end, not an error.
      if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
  const world: World = {
    out: (chunk) => void stdout.write(chunk),
    err: (chunk) => void stderr.write(chunk),
    env: process.env,
    now: () => Date.now(),
    width: stdout.columns ?? (Number(process.env["COLUMNS"]) || PIPED_WIDTH),
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    inIsTerminal: stdin.isTTY,
    interrupted: interrupted.signal,
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question, { signal: interrupted.signal });
      } finally {
        lines.close();
      }
    },
    readStdin: () => text(stdin),
  };
  process.exitCode = await run(words, world);
  // A connection that is still open (a long poll) does not hold the program.
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
}
