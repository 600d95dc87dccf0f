/** Where a command writes. A closed pipe (`perdure … | head`) is the end of interest, not an error. */
import type { JsonOf } from "@perdure/wire";
import { toJson } from "@perdure/wire";
import { sanitiseJson } from "./sanitise.ts";
import { render, type Text } from "./text.ts";

/** A sink for text; `process.stdout` in the program, a list in tests. */
export type Sink = (text: string) => void;

export class Output {
  readonly #sink: Sink;
  readonly hasColour: boolean;

  constructor(sink: Sink, colour: boolean) {
    this.#sink = sink;
    this.hasColour = colour;
  }

  line(text: Text = ""): void {
    this.#sink(`${render(text, this.hasColour).trimEnd()}\n`);
  }

  lines(lines: Iterable<Text>): void {
    for (const line of lines) this.line(line);
  }

  /** One JSON document, its payloads as in the HTTP API; indented unless it is one of a stream. */
  json(value: unknown, form: "document" | "line" = "document"): void {
    const json: JsonOf<unknown> = toJson(value);
    this.#sink(`${sanitiseJson(JSON.stringify(json, undefined, form === "document" ? 2 : 0))}\n`);
  }

  /** Bytes for another program (a script, exported lines), exactly as they are. */
  raw(text: string): void {
    this.#sink(text);
  }
}
