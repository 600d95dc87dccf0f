/** The processes that do the work, and what each kind of them went through. */
import type { Board } from "./board.ts";
import { planKills, type PlannedKill } from "./kill-plan.ts";
import type { Lives } from "./lives.ts";
import type { DemoOptions } from "./options.ts";
import { die } from "./processes.ts";
import type { Shop } from "./shop.ts";
import { Stage, type Killed } from "./stage.ts";

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
  database: new URL("../server/database.ts", import.meta.url),
};

export function castOf(folder: string, shop: Shop, options: DemoOptions): Cast {
  return options.cast === "embedded"
    ? embeddedCast(folder, shop, options)
    : serverCast(folder, shop, options);
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

/** Of all kills, how many each kind of process gets; the driver gets what is left. */
const shares = {
  server: { databases: 0, servers: 0.35, workers: 0.5 },
  cluster: { databases: 0.2, servers: 0.35, workers: 0.25 },
};

/** One server or several with their databases, two workers and the driver, each a process. */
function serverCast(folder: string, shop: Shop, { cast, seed, kills }: DemoOptions): Cast {
  const stage = new Stage(folder, shop);
  const share = shares[cast === "cluster" ? "cluster" : "server"];
  const workerNames = named("worker", 2);
  let left = kills;
  const plan = (name: string, part: number): { readonly plan: readonly PlannedKill[] } => {
    const own = Math.min(left, Math.round(kills * part));
    left -= own;
    return { plan: planKills(seed, own, name) };
  };
  const many = (name: string, script: URL, count: number, part: number) =>
    named(name, count).map((each, i) =>
      stage.lives(each, script, {
        ...plan(each, part / count),
        args: [String(i)],
        ...(name === "worker" ? {} : { worksFor: workerNames }),
        ...(name === "database" ? { kill: die } : {}),
      }),
    );
  const { config } = shop;
  const databases = many("database", scripts.database, config.databases.length, share.databases);
  const servers = many("server", scripts.engine, config.servers.length, share.servers);
  const workers = many("worker", scripts.worker, workerNames.length, share.workers);
  const driver = stage.lives("driver", scripts.driver, { plan: planKills(seed, left, "driver") });
  return {
    board: stage.board,
    run: () => stage.watched(driver, inOrder([databases, servers, workers, [driver]])),
    killed: () => [
      ...(databases.length === 0
        ? []
        : [stage.killed(`The ${databases.length} databases were`, "calls", ...databases)]),
      servers.length === 1
        ? stage.killed("The server was", "calls", ...servers)
        : stage.killed(`The ${servers.length} servers were`, "calls", ...servers),
      stage.killed("The two workers were", "calls", ...workers),
      stage.killed("The driver was", "runs", driver),
    ],
  };
}

/** Each kind begins when the one before it is up, and is asked to leave when the next has left. */
async function inOrder([first = [], ...rest]: readonly (readonly Lives[])[]): Promise<void> {
  const living = Promise.all(first.map((each) => each.run()));
  if (rest.length === 0) return void (await living);
  const after = async (): Promise<void> => {
    await Promise.all(first.map(({ isUp }) => isUp));
    await inOrder(rest);
    for (const each of first) each.stop();
  };
  // Whoever fails first says why.
  await Promise.all([living, after()]);
}

function named(name: string, count: number): readonly string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}
