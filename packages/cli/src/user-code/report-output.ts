/** Where a report goes: JSON, text in colour, and an HTML file where one is asked for. */
import { writeFileSync } from "node:fs";
import type { Context } from "../context.ts";
import { dim } from "../terminal/text.ts";

export interface Renderings {
  readonly text: (colour: boolean) => string;
  readonly html: () => string;
}

export function printReport(
  context: Context,
  report: object,
  { text, html }: Renderings,
  path: string | undefined,
): void {
  if (path !== undefined) {
    writeFileSync(path, html());
    context.err.line(dim(`Written: ${path}`));
  }
  if (context.json) context.out.json(report);
  // The library has sanitised what came from journals and code.
  else context.out.raw(text(context.out.hasColour));
}
