/** A new secret: shown once, so that nothing else stands on standard output. */
import type { JsonObject } from "@perdure/kernel";
import { objectIn, textIn } from "../../connect/fields.ts";
import type { Context } from "../../context.ts";
import { dim, yellow } from "../../terminal/text.ts";

export function printIssued(context: Context, answer: JsonObject): void {
  if (context.json) {
    context.out.json(answer);
    return;
  }
  const key = objectIn(answer, "key");
  const { err, out } = context;
  err.line(dim(`Key ${textIn(key, "id")}, ${textIn(key, "role")} of ${textIn(key, "namespace")}:`));
  out.line(textIn(answer, "secret"));
  err.line(yellow("It is not shown again."));
}
