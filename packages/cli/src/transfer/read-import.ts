/**
 * An export's lines, one in memory at a time. A file is read twice: first to see that every line is
 * a journal, then to import them, so that a torn file is refused before anything is written.
 */
import { createReadStream } from "node:fs";
import { PerdureError, type Journal } from "@perdure/kernel";
import { journalFromLine, wireLimits } from "@perdure/wire";

export interface Line {
  readonly number: number;
  readonly journal: Journal;
  /** Bytes of the file up to its end. */
  readonly through: number;
}

/** Throws at the first line that is no journal, with its number. */
export async function* journalsIn(path: string): AsyncGenerator<Line> {
  let number = 0;
  let through = 0;
  for await (const bytes of linesOf(path)) {
    number += 1;
    through += bytes.length + 1;
    if (bytes.toString("latin1").trim() === "") continue;
    yield { number, journal: journalAt(number, bytes), through };
  }
}

function journalAt(number: number, bytes: Uint8Array): Journal {
  try {
    return journalFromLine(bytes);
  } catch (error) {
    if (!(error instanceof PerdureError)) throw error;
    throw new PerdureError(error.code, `Line ${number}: ${error.message}`, { cause: error });
  }
}

const NEWLINE = 0x0a;

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let bytes = 0;
  for await (const read of createReadStream(path)) {
    let chunk = read as Buffer;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE)) {
      yield Buffer.concat([...rest, chunk.subarray(0, end)]);
      rest = [];
      bytes = 0;
      chunk = chunk.subarray(end + 1);
    }
    rest.push(chunk);
    bytes += chunk.length;
    if (bytes > wireLimits.transferLineBytes) {
      const text = `A line of ${path} has more than ${wireLimits.transferLineBytes} bytes: is it an export?`;
      throw new PerdureError("limit-exceeded", text);
    }
  }
  if (bytes > 0) yield Buffer.concat(rest);
}
