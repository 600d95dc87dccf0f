/** Who decides whether the report is published: a person at the terminal, or a stand-in. */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ReviewAnswer } from "./config.ts";

const THINKING_MS = 1500;

export async function askReviewer(interactive: boolean): Promise<ReviewAnswer> {
  if (!interactive) {
    await delay(THINKING_MS);
    return { publish: true, by: "the demo's stand-in" };
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const closed = once(terminal, "close").then(() => "no");
  const answer = await Promise.race([terminal.question("Publish it? [y/N] "), closed]);
  terminal.close();
  return { publish: /^y(es)?$/i.test(answer.trim()), by: "you" };
}
