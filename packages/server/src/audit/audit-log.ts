/**
 * Who did what: a line of JSON for every call that changes something and for every refusal.
 *
 * A1  A line never holds a payload, a body or a secret: an operation, an id, a result.
 * A2  Each line carries the SHA-256 of the line before it, also across files, so that a line that was
 *     changed or taken out shows.
 * A3  A disk that is full does not stop the server; it is said by `trouble`, and the lines that were
 *     lost are counted in the first line that fits again.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";

export interface AuditEntry {
  readonly at: number;
  readonly requestId: string;
  /** `-`: nobody was identified. */
  readonly by: string;
  readonly namespace: string;
  readonly address: string;
  readonly what: string;
  readonly target?: string;
  /** `done`, or the code of the refusal. */
  readonly result: string;
}

export interface AuditLine extends AuditEntry {
  /** Lines lost before this one. */
  readonly lost?: number;
  /** The hash of the line before; 64 zeros: this is the first. */
  readonly before: string;
}

export interface AuditLogOptions {
  /** Absent: the last lines are kept in memory only. */
  readonly file?: string;
  /** A file that would grow past this becomes `<file>.1`, and so on up to `keep`. */
  readonly maxBytes: number;
  readonly keep: number;
}

/** Lines that `tail` can show without a file. */
const TAIL = 1_000;
const FIRST = "0".repeat(64);

export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #tail: AuditLine[] = [];
  #before = FIRST;
  #bytes = 0;
  #lost = 0;
  #trouble: string | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#resume();
  }

  /** Why lines cannot be written; undefined: they can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get lost(): number {
    return this.#lost;
  }

  write(entry: AuditEntry): void {
    const lost = this.#lost === 0 ? {} : { lost: this.#lost };
    const line: AuditLine = { ...entry, ...lost, before: this.#before };
    const text = JSON.stringify(line);
    try {
      this.#append(`${text}\n`);
      this.#trouble = undefined;
      this.#lost = 0;
    } catch (error) {
      this.#trouble = `the audit log cannot be written: ${(error as Error).message}`;
      this.#lost++;
      return;
    }
    this.#before = sha256(text);
    this.#tail.push(line);
    if (this.#tail.length > TAIL) this.#tail.shift();
  }

  /** Newest last. */
  tail(limit: number, accepts: (line: AuditLine) => boolean): readonly AuditLine[] {
    return this.#tail.filter(accepts).slice(-limit);
  }

  #append(text: string): void {
    const { file, maxBytes } = this.#options;
    if (file === undefined) return;
    const bytes = Buffer.byteLength(text);
    if (this.#bytes > 0 && this.#bytes + bytes > maxBytes) this.#rotate(file);
    appendFileSync(file, text, { mode: 0o600 });
    this.#bytes += bytes;
  }

  #rotate(file: string): void {
    const { keep } = this.#options;
    rmSync(`${file}.${keep}`, { force: true });
    for (let number = keep - 1; number >= 1; number--) {
      if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    }
    renameSync(file, `${file}.1`);
    this.#bytes = 0;
  }

  /** Goes on with the chain of the file, or of the one before it. */
  #resume(): void {
    const { file } = this.#options;
    if (file === undefined) return;
    const [last] = [file, `${file}.1`].filter(
      (name) => existsSync(name) && statSync(name).size > 0,
    );
    if (existsSync(file)) this.#bytes = statSync(file).size;
    if (last === undefined) return;
    const lines = readFileSync(last, "utf8").split("\n").filter(Boolean);
    for (const line of lines.slice(-TAIL)) {
      const parsed = parseLine(line);
      if (parsed) this.#tail.push(parsed);
    }
    this.#before = sha256(lines.at(-1) ?? "");
  }
}

/** The number of the first line, from 1, that does not follow from the one before; 0: all do. */
export function brokenAt(lines: readonly string[], before: string = FIRST): number {
  let expected = before;
  for (const [at, line] of lines.entries()) {
    if (parseLine(line)?.before !== expected) return at + 1;
    expected = sha256(line);
  }
  return 0;
}

/** Half a line is what a crash leaves behind. */
function parseLine(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
