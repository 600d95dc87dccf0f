/** A node of the cluster, with a clock that is wrong and jumps. */
import { startServer } from "@perdure/server";
import { openPostgres } from "@perdure/store-postgres";
import { shiftClock } from "./clock.ts";

/** What a node is told, as JSON. */
export interface NodeTerms {
  readonly store: string;
  readonly port: number;
  readonly adminKey: string;
  /** Where it listens for other nodes, and where they find it. */
  readonly listen: string;
  readonly advertise: string;
  readonly secret: string;
  readonly clockMs: number;
}

/** Enough that each node has several. */
const PARTITIONS = 12;

const [text = ""] = process.argv.slice(2);
const { store, port, adminKey, clockMs, ...network } = JSON.parse(text) as NodeTerms;
shiftClock(clockMs);
process.on("message", (ms: number) => shiftClock(ms));
process.once("disconnect", () => process.exit(0));

const server = await startServer({
  store,
  openedStore: await openPostgres(store, { partitions: PARTITIONS }),
  port,
  adminKey,
  node: network,
});
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
process.send?.("ready");
