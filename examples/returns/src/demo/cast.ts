/** The processes that do the work, and what each kind of them went through. */
import { on } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessMessage } from "../config.ts";
import { Board } from "./board.ts";
import { planKills } from "./kill-plan.ts";
import { Lives, type LivesOptions } from "./lives.ts";
import type { DemoOptions } from "./options.ts";
import type { Shop } from "./shop.ts";

/** What was done to one kind of process; `what` begins the sentence: "The server was". */
export interface Killed {
  readonly what: string;
  readonly kills: number;
  /** What was under way when it died, and what that is called. */
  readonly cutOff: number;
  readonly of: string;
}

export interface Cast {
  readonly board: Board;
  /** Resolves when the job is done and every process has ended as it should. */
  run(): Promise<void>;
  killed(): readonly Killed[];
}

const scripts = {
  embedded: new URL("../embedded.ts", import.meta.url),
  engine: new URL("../server/engine.ts", import.meta.url),
  worker: new URL("../server/worker.ts", import.meta.url),
  driver: new URL("../server/driver.ts", import.meta.url),
};

const STALL_MS = 45_000;
const EXPLAIN_MS = 5000;

export function castOf(folder: string, shop: Shop, options: DemoOptions): Cast {
  return options.server ? serverCast(folder, shop, options) : embeddedCast(folder, shop, options);
}

/** One process has it all. */
function embeddedCast(folder: string, shop: Shop, { seed, kills }: DemoOptions): Cast {
  const stage = new Stage(folder, shop);
  const engine = stage.lives("engine", scripts.embedded, { plan: planKills(seed, kills) });
  return {
    board: stage.board,
    run: () => stage.watched(engine, engine.run()),
    killed: () => [stage.killed("The engine's process was", "calls", engine)],
  };
}

/** The engine, two workers and the driver, each in a process of its own. */
function serverCast(folder: string, shop: Shop, { seed, kills }: DemoOptions): Cast {
  const stage = new Stage(folder, shop);
  const shares = { server: 0.35, "worker-1": 0.25, "worker-2": 0.25 };
  const plan = (name: keyof typeof shares | "driver") => {
    const others = Object.values(shares).reduce((sum, share) => sum + Math.round(kills * share), 0);
    const own = name === "driver" ? Math.max(0, kills - others) : Math.round(kills * shares[name]);
    return { plan: planKills(seed, own, name) };
  };
  const names = ["worker-1", "worker-2"] as const;
  const server = stage.lives("server", scripts.engine, {
    ...plan("server"),
    worksFor: names,
  });
  const workers = names.map((name) => stage.lives(name, scripts.worker, plan(name)));
  const driver = stage.lives("driver", scripts.driver, plan("driver"));
  const run = async (): Promise<void> => {
    const serving = server.run();
    await server.isUp;
    const working = Promise.all(workers.map((worker) => worker.run()));
    const job = async (): Promise<void> => {
      await driver.run();
      for (const worker of workers) worker.stop();
      await working;
      server.stop();
    };
    // Whoever fails first says why.
    await Promise.all([serving, working, job()]);
  };
  return {
    board: stage.board,
    run: () => stage.watched(driver, run()),
    killed: () => [
      stage.killed("The server was", "calls", server),
      stage.killed("The two workers were", "calls", ...workers),
      stage.killed("The driver was", "runs", driver),
    ],
  };
}

class Stage {
  readonly board: Board = new Board();
  readonly #folder: string;
  readonly #shop: Shop;

  constructor(folder: string, shop: Shop) {
    this.#folder = folder;
    this.#shop = shop;
  }

  lives(name: string, script: URL, more: Pick<LivesOptions, "plan" | "worksFor">): Lives {
    return new Lives({
      name,
      script,
      configFile: this.#shop.configFile,
      logFile: join(this.#folder, `${name}.log`),
      board: this.board,
      onLife: (first) => this.#onLife(name, first),
      ...more,
    });
  }

  killed(what: string, of: string, ...lives: readonly Lives[]): Killed {
    const kills = lives.reduce((sum, each) => sum + each.kills, 0);
    return { what, kills, of, cutOff: lives.reduce((sum, each) => sum + each.cutOff, 0) };
  }

  /** Fails, with what the engine has to say, when nothing moves for too long. */
  async watched(spokesman: Lives, run: Promise<void>): Promise<void> {
    const over = new AbortController();
    try {
      await Promise.race([run, this.#stall(spokesman, over.signal)]);
    } finally {
      over.abort();
    }
  }

  async #stall(spokesman: Lives, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await delay(100);
      if (this.board.stillMs <= STALL_MS) continue;
      const text = await Promise.race([explanationOf(spokesman), delay(EXPLAIN_MS)]);
      throw new Error(
        `nothing has moved for ${STALL_MS / 1000} s. The engine says:\n` +
          (text ?? "nothing: it does not answer"),
      );
    }
  }

  /** People answer where the job is; while it is dead, nowhere. */
  #onLife(name: string, first: ProcessMessage | undefined): void {
    const { approver } = this.#shop;
    if (name !== "engine" && name !== "driver") return;
    approver.approvalsUrl = first?.type === "ready" ? first.approvalsUrl : undefined;
  }
}

async function explanationOf(spokesman: Lives): Promise<string | undefined> {
  const child = spokesman.ask("explain");
  if (child === undefined) return undefined;
  for await (const [message] of on(child, "message") as AsyncIterable<[ProcessMessage]>) {
    if (message.type === "explained") return message.text;
  }
  return undefined;
}
