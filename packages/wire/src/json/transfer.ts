/** A run with its journal as one line of JSON: what `export` writes, `import` and `check` read. */
import { checkJournal, PerdureError, type Journal } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import { parseJson } from "./parse.ts";
import { fromJson, toJson, type JsonOf } from "./values.ts";

/** Of the line's form. */
export const EXPORT_VERSION = 1;

/** Without the line's end. */
export function journalToLine({ spec, events }: Journal): string {
  return JSON.stringify({ perdure: EXPORT_VERSION, ...toJson({ spec, events }) });
}

/** Nothing of the line is trusted; what is wrong is refused and named. */
export function journalFromLine(line: string | Uint8Array): Journal {
  const bounds = { bytes: wireLimits.transferLineBytes, depth: wireLimits.transferDepth };
  const json = parseJson(line, "the journal", bounds);
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const { perdure, spec, events } = (isObject ? json : {}) as Readonly<Record<string, unknown>>;
  if (perdure !== EXPORT_VERSION) {
    const text =
      perdure === undefined
        ? 'It is not a journal: write it with "perdure export".'
        : `The journal's form is ${JSON.stringify(perdure).slice(0, 40)}, and this Perdure reads ${EXPORT_VERSION}: use a newer one.`;
    throw new PerdureError("invalid-argument", text);
  }
  const decoded = fromJson({ spec, events } as unknown as JsonOf<Journal>, "the journal");
  return checkJournal(decoded).journal;
}
