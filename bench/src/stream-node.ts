/** The server's process of `stream.ts`: an engine on SQLite, driven from here, worked elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { StreamWorkers } from "@perdure/server";
import { SqliteStore } from "@perdure/store-sqlite";
import { wireLimits } from "@perdure/wire";
import { WebSocketServer } from "ws";

export interface StreamNode {
  readonly url: string;
  readonly engine: Engine;
  close(): Promise<void>;
}

export async function openNode(): Promise<StreamNode> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-bench-"));
  const env = systemEnv();
  const store = await SqliteStore.open(join(folder, "bench.db"));
  const engine = await Engine.open({ store, env, calendar: createCalendar() });
  const streams = new StreamWorkers({ engine, env, server: "bench" });
  const http = createServer();
  const sockets = new WebSocketServer({
    server: http,
    maxPayload: wireLimits.frameBytes,
    perMessageDeflate: false,
  });
  sockets.on("connection", (socket) => {
    streams.accept(socket, { namespace: "default" }, { address: "127.0.0.1" });
  });
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", () => resolve()));
  const { port } = http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/v1/workers/stream`,
    engine,
    async close() {
      await streams.close();
      sockets.close();
      http.close();
      await engine.close();
      rmSync(folder, { recursive: true });
    },
  };
}
