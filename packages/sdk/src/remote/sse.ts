/**
 * Server-sent events, as the HTML standard has them (section 9.2.6): fields in lines, an empty line
 * ends an event, a line that begins with a colon is a comment.
 */
import { PerdureError } from "@perdure/kernel";
import { remoteLimits } from "./limits.ts";

export interface ServerEvent {
  /** Default: `message`. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has given, here or before. */
  readonly id: string;
}

export class EventParser {
  readonly #decoder = new TextDecoder("utf-8");
  readonly #maxChars: number;
  #rest = "";
  #event = "";
  #data: string[] = [];
  #chars = 0;
  #id = "";

  constructor(maxChars: number = remoteLimits.answerBytes) {
    this.#maxChars = maxChars;
  }

  /** The events that this chunk completes. */
  push(chunk: Uint8Array): readonly ServerEvent[] {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    // A carriage return at the end may be half of a line's end.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    this.#bound(this.#rest.length);
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "data") {
      this.#data.push(value);
      this.#chars += value.length;
      this.#bound(0);
    }
    return undefined;
  }

  #end(): ServerEvent | undefined {
    const event = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#chars = 0;
    return isEmpty ? undefined : event;
  }

  #bound(more: number): void {
    if (this.#chars + more <= this.#maxChars) return;
    const text = `An event of the live stream has more than ${this.#maxChars} characters.`;
    throw new PerdureError("limit-exceeded", text);
  }
}
