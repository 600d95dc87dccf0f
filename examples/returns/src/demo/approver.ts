/**
 * The people who approve. They are asked over HTTP, think for a while, and answer at the engine's
 * door; when nobody opens, because the engine is dead just then, they knock again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../random.ts";
import { createService } from "../services/http-service.ts";
import { Ledger } from "../services/ledger.ts";
import { listen } from "../services/process.ts";

export type Verdict = "approve" | "deny" | "never";

/** What the approver remembers of one return. */
export interface Asked {
  readonly returnId: string;
  readonly verdict: Verdict;
  /** When the engine said that it had the answer on disk. */
  readonly acknowledgedAtMs?: number;
}

export function verdictOf(seed: number, returnId: string): Verdict {
  const roll = seeded(seed, "verdict", returnId).next();
  return roll < 0.68 ? "approve" : roll < 0.86 ? "deny" : "never";
}

export class ApproverDesk {
  /** The engine's door; it moves each time the engine starts, and is undefined while it is dead. */
  approvalsUrl: string | undefined;
  readonly #seed: number;
  readonly #ledger: Ledger;
  readonly #asked = new Map<string, Asked>();

  constructor(seed: number, ledgerFile: string) {
    this.#seed = seed;
    this.#ledger = new Ledger(ledgerFile);
  }

  async open(): Promise<string> {
    const ask = (body: Readonly<Record<string, unknown>>) => {
      this.#take(String(body["returnId"]));
      return { status: 202, body: {} };
    };
    const seed = String(this.#seed);
    const server = createService({
      name: "approver",
      seed,
      ledger: this.#ledger,
      routes: { "/asks": ask },
    });
    return `http://127.0.0.1:${await listen(server)}`;
  }

  asked(): ReadonlyMap<string, Asked> {
    return this.#asked;
  }

  #take(returnId: string): void {
    if (this.#asked.has(returnId)) return;
    const verdict = verdictOf(this.#seed, returnId);
    this.#asked.set(returnId, { returnId, verdict });
    if (verdict !== "never") void this.#answer(returnId, verdict);
  }

  async #answer(returnId: string, decision: "approve" | "deny"): Promise<void> {
    const random = seeded(this.#seed, "thinking", returnId);
    await delay(random.int(300, 4000));
    for (;;) {
      const status = await this.#knock(returnId, { decision, by: `approver-${random.int(1, 4)}` });
      if (status === 202) this.#acknowledged(returnId);
      if (status === 202 || status === 409) return;
      await delay(150);
    }
  }

  async #knock(returnId: string, answer: object): Promise<number | undefined> {
    if (this.approvalsUrl === undefined) return undefined;
    try {
      const response = await fetch(`${this.approvalsUrl}/${returnId}`, {
        method: "POST",
        body: JSON.stringify(answer),
        signal: AbortSignal.timeout(2000),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  }

  #acknowledged(returnId: string): void {
    const asked = this.#asked.get(returnId);
    if (asked) this.#asked.set(returnId, { ...asked, acknowledgedAtMs: Date.now() });
  }
}
