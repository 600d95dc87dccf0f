/**
 * Text with styles, as data. Nothing is a string of escape sequences before it is written, so data
 * and styles cannot be taken for one another: `render` sanitises every leaf.
 */
import { styleText } from "node:util";
import stringWidth from "string-width";
import { sanitise } from "./sanitise.ts";

export type Style = Parameters<typeof styleText>[0];

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line. */
export type Text = string | Span | readonly Text[];

export function styled(style: Style, text: string): Span {
  return { style, text };
}

export const bold = (text: string): Span => styled("bold", text);
export const dim = (text: string): Span => styled("dim", text);
export const red = (text: string): Span => styled("red", text);
export const green = (text: string): Span => styled("green", text);
export const yellow = (text: string): Span => styled("yellow", text);
export const cyan = (text: string): Span => styled("cyan", text);

export function render(text: Text, colour: boolean): string {
  return merged(spans(text))
    .map((span) => {
      if (typeof span === "string") return span;
      return colour && span.text !== ""
        ? styleText(span.style, span.text, { validateStream: false })
        : span.text;
    })
    .join("");
}

/** Columns on a terminal; wide characters have two. */
export function widthOf(text: Text): number {
  return stringWidth(render(text, false));
}

/** Cut to `columns`, the last of which is then an ellipsis. */
export function cut(text: Text, columns: number): Text {
  if (widthOf(text) <= columns) return text;
  let left = columns - 1;
  const kept: Text[] = [];
  for (const span of spans(text)) {
    const plain = typeof span === "string" ? span : span.text;
    const part = head(plain, left);
    left -= stringWidth(part);
    kept.push(typeof span === "string" ? part : { ...span, text: part });
    if (part.length < plain.length) break;
  }
  return columns < 1 ? "" : [...kept, "…"];
}

/** With blanks up to `columns`. */
export function pad(text: Text, columns: number, align: "left" | "right" = "left"): Text {
  const blanks = " ".repeat(Math.max(0, columns - widthOf(text)));
  return align === "left" ? [text, blanks] : [blanks, text];
}

/** Paragraph lines of at most `columns`, broken between words; a longer word is cut in pieces. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of sanitise(text).split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (stringWidth(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (stringWidth(line) > columns) {
      const part = head(line, columns);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

const segmenter = new Intl.Segmenter();

function head(text: string, columns: number): string {
  let used = 0;
  let end = 0;
  for (const { segment, index } of segmenter.segment(text)) {
    used += stringWidth(segment);
    if (used > columns && end > 0) break;
    if (used > columns) return "";
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Neighbours of one style are one: a bar is one sequence, not one a column. */
function merged(all: readonly (string | Span)[]): (string | Span)[] {
  const result: (string | Span)[] = [];
  for (const span of all) {
    const last = result.at(-1);
    if (typeof span === "string" || typeof last !== "object" || last.style !== span.style) {
      result.push(span);
    } else {
      result[result.length - 1] = { style: span.style, text: last.text + span.text };
    }
  }
  return result;
}

function spans(text: Text): (string | Span)[] {
  if (typeof text === "string") return [sanitise(text)];
  if ("style" in text) return [{ ...text, text: sanitise(text.text) }];
  return text.flatMap(spans);
}
