/** What a verb says when it is done: a line for people, the target for programs. */
import type { Context } from "../context.ts";
import { green } from "../terminal/text.ts";

export function done(context: Context, text: string, facts: object): void {
  if (context.json) context.out.json(facts);
  else context.out.line([green("✓ "), text]);
}
