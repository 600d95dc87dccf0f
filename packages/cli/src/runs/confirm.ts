/** What cannot be taken back is asked about first, where there is somebody to ask. */
import { Option } from "commander";
import type { Context } from "../context.ts";

export function yesOption(): Option {
  return new Option("-y, --yes", "do not ask");
}

export async function confirmed(
  context: Context,
  question: string,
  { yes }: { readonly yes?: true },
): Promise<boolean> {
  if (yes || !context.isInteractive) return true;
  if (await context.confirm(question)) return true;
  context.err.line("Nothing was done.");
  return false;
}
