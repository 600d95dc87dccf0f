/** The server of the soak. It tells how much memory is left over after a collection. */
import { statSync } from "node:fs";
import { startServer } from "@perdure/server";

const [store = "", port = "0", adminKey = "", retentionMs = "0"] = process.argv.slice(2);

/** What the server has, in bytes and pieces, at one moment. */
export interface Vitals {
  readonly rssBytes: number;
  /** Of JavaScript, after a full collection. */
  readonly heapBytes: number;
  /** Outside of it: buffers. */
  readonly externalBytes: number;
  readonly storeBytes: number;
  readonly logBytes: number;
  readonly liveStreams: number;
  readonly alarms: number;
  readonly requests: number;
  readonly commits: number;
  readonly events: number;
  readonly cpuMs: number;
}

const server = await startServer({
  store: `sqlite:${store}`,
  port: Number(port),
  adminKey,
  engine: { retentionMs: Number(retentionMs), idleMs: 5_000 },
});

process.on("message", () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { liveStreams, alarms, requests, commits, events } = server.engine.stats();
  const { user, system } = process.cpuUsage();
  const vitals: Vitals = {
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    storeBytes: sizeOf(store),
    logBytes: sizeOf(`${store}-wal`),
    liveStreams,
    alarms,
    requests,
    commits,
    events,
    cpuMs: (user + system) / 1_000,
  };
  process.send?.(vitals);
});
process.once("disconnect", () => process.exit(0));
process.send?.({ port: new URL(server.url).port });

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
