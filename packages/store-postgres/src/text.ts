/**
 * PostgreSQL's texts hold any character but U+0000. Here that one is written as U+0001 and "0", and
 * U+0001 itself as U+0001 and "1", so that any text can be kept, and equal texts stay equal.
 */
// oxlint-disable-next-line no-control-regex -- these two are what this file is about
const special = /[\u0000\u0001]/;

export function toText(value: string): string {
  if (!special.test(value)) return value;
  return value.replaceAll("\u0001", "\u00011").replaceAll("\u0000", "\u00010");
}

/** The text in a column of a row. */
export function textIn(row: Readonly<Record<string, unknown>>, column: string): string {
  return fromText(row[column] as string);
}

export function fromText(text: string): string {
  if (!text.includes("\u0001")) return text;
  return text.replaceAll("\u00010", "\u0000").replaceAll("\u00011", "\u0001");
}
