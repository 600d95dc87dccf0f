/**
 * A service's own record, in its own SQLite file: every call that reached it, every effect it had.
 *
 * 1. An effect is on disk before its answer is sent.
 * 2. A key has at most one effect. The same key with the same body gets the same answer again.
 * 3. The same key with another body changes nothing: it is a conflict.
 */
import { DatabaseSync } from "node:sqlite";

export interface Call {
  readonly key: string;
  /** What is asked for, such as `refund`. */
  readonly route: string;
  /** The return it is about. */
  readonly returnId: string;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Effect extends Call {
  readonly number: number;
  readonly status: number;
  readonly answer: string;
  readonly atMs: number;
}

export interface Stats {
  readonly calls: number;
  readonly effects: number;
  /** Calls whose key already had its effect: without the key, each would have been a double. */
  readonly suppressed: number;
  readonly conflicts: number;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS effects (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, route TEXT NOT NULL,
    returnId TEXT NOT NULL, body TEXT NOT NULL, status INTEGER NOT NULL,
    answer TEXT NOT NULL, atMs INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, route TEXT NOT NULL,
    returnId TEXT NOT NULL, verdict TEXT NOT NULL DEFAULT 'arrived') STRICT;
  CREATE INDEX IF NOT EXISTS calls_by_subject ON calls (returnId, route);
`;

export class Ledger {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(schema);
  }

  /** Records that a call arrived; says how many like it came before. */
  arrived(call: Call): { readonly callNumber: number; readonly earlier: number } {
    const { n } = this.#one("SELECT count(*) AS n FROM calls WHERE returnId = ? AND route = ?", [
      call.returnId,
      call.route,
    ]);
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO calls (key, route, returnId) VALUES (?, ?, ?)")
      .run(call.key, call.route, call.returnId);
    return { callNumber: Number(lastInsertRowid), earlier: Number(n) };
  }

  /** Has the effect, unless this key had it before. */
  once(callNumber: number, call: Call, act: (number: number) => Answer): Answer {
    const found = this.#effect(call.key);
    if (found === undefined) {
      const { n } = this.#one("SELECT count(*) + 1 AS n FROM effects", []);
      const answer = act(Number(n));
      this.#record(callNumber, Number(n), call, answer);
      return answer;
    }
    const same = found.body === call.body && found.route === call.route;
    this.#judge(callNumber, same ? "suppressed" : "conflict");
    if (same) return { status: found.status, body: JSON.parse(found.answer) as Answer["body"] };
    return { status: 422, body: { error: "this idempotency key was used with another body" } };
  }

  stats(): Stats {
    const row = this.#one(
      `SELECT count(*) AS calls, count(*) FILTER (WHERE verdict = 'effect') AS effects,
         count(*) FILTER (WHERE verdict = 'suppressed') AS suppressed,
         count(*) FILTER (WHERE verdict = 'conflict') AS conflicts FROM calls`,
      [],
    );
    return row as unknown as Stats;
  }

  effects(): Effect[] {
    return this.#db
      .prepare(
        `SELECT number, key, route, returnId, body, status, answer, atMs
           FROM effects ORDER BY number`,
      )
      .all() as unknown as Effect[];
  }

  /** The calls that would have been doubles: what they asked for, and for which return. */
  repeats(): Pick<Call, "route" | "returnId">[] {
    return this.#db
      .prepare("SELECT route, returnId FROM calls WHERE verdict = 'suppressed' ORDER BY number")
      .all() as unknown as Pick<Call, "route" | "returnId">[];
  }

  close(): void {
    this.#db.close();
  }

  #record(callNumber: number, number: number, call: Call, answer: Answer): void {
    this.#db.exec("BEGIN IMMEDIATE");
    this.#db
      .prepare(
        `INSERT INTO effects (number, key, route, returnId, body, status, answer, atMs)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        number,
        call.key,
        call.route,
        call.returnId,
        call.body,
        answer.status,
        JSON.stringify(answer.body),
        Date.now(),
      );
    this.#judge(callNumber, "effect");
    this.#db.exec("COMMIT");
  }

  #judge(callNumber: number, verdict: string): void {
    this.#db.prepare("UPDATE calls SET verdict = ? WHERE number = ?").run(verdict, callNumber);
  }

  #effect(key: string): Effect | undefined {
    return this.#db
      .prepare("SELECT route, body, status, answer FROM effects WHERE key = ?")
      .get(key) as unknown as Effect | undefined;
  }

  #one(sql: string, values: readonly string[]): Record<string, unknown> {
    const row = this.#db.prepare(sql).get(...values);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  }
}
