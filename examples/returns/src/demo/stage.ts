/** Where all processes of a cast live: what they are told, where they log, and who watches them. */
import { on } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessMessage } from "../config.ts";
import { Board } from "./board.ts";
import { Lives, type LivesOptions } from "./lives.ts";
import type { Shop } from "./shop.ts";

/** What was done to one kind of process; `what` begins the sentence: "The server was". */
export interface Killed {
  readonly what: string;
  readonly kills: number;
  /** What was under way when it died, and what that is called. */
  readonly cutOff: number;
  readonly of: string;
}

type MoreOfLives = Pick<LivesOptions, "plan" | "worksFor" | "args" | "kill">;

const STALL_MS = 90_000;
const EXPLAIN_MS = 5000;

export class Stage {
  readonly board: Board = new Board();
  readonly #folder: string;
  readonly #shop: Shop;

  constructor(folder: string, shop: Shop) {
    this.#folder = folder;
    this.#shop = shop;
  }

  lives(name: string, script: URL, more: MoreOfLives): Lives {
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
