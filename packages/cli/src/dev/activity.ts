/** Tells of runs that start and end, by looking at the newest ones a few times a second. */
import type { EngineClient } from "@perdure/engine";
import type { Outcome, RunId, RunRow, RunStatus } from "@perdure/kernel";

export interface RunNews {
  readonly row: RunRow;
  readonly outcome?: Outcome;
}

const EVERY_MS = 250;
const ROWS = 200;

export class Activity {
  readonly #engine: EngineClient;
  readonly #namespace: string;
  readonly #tell: (news: RunNews) => void;
  readonly #since: number;
  readonly #known = new Map<RunId, RunStatus>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    engine: EngineClient,
    namespace: string,
    since: number,
    tell: (news: RunNews) => void,
  ) {
    this.#engine = engine;
    this.#namespace = namespace;
    this.#since = since;
    this.#tell = tell;
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#isStopped) return;
    // An engine that closes while it is asked has nothing to tell.
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch(() => undefined)
        .then(() => this.#next());
    }, EVERY_MS);
  }

  async #look(): Promise<void> {
    const { rows } = await this.#engine.list({ namespace: this.#namespace, limit: ROWS });
    for (const row of rows.toReversed()) {
      const before = this.#known.get(row.runId);
      if (before === row.status) continue;
      this.#known.set(row.runId, row.status);
      const isOld = before === undefined && row.startedAt < this.#since;
      if (isOld || this.#isStopped) continue;
      const { outcome } = row.closedAt === undefined ? {} : await this.#engine.describe(row.runId);
      this.#tell({ row, ...(outcome === undefined ? {} : { outcome }) });
    }
  }
}
