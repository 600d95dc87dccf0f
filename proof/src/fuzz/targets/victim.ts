/** A server with a little in it, for strange things to be sent to. */
import { randomBytes } from "node:crypto";
import { systemEnv } from "@perdure/engine";
import { startServer } from "@perdure/server";

export interface Victim {
  readonly url: string;
  /** May do everything. */
  readonly key: string;
  /** An open run. */
  readonly runId: string;
  /** Events written so far. */
  events(): number;
  /** The same, once nothing is on its way. */
  settled(): Promise<number>;
  close(): Promise<void>;
}

export async function openVictim(): Promise<Victim> {
  // Its use leaves no trace in the store, as that of a key which is kept there would.
  const key = newKey();
  const server = await startServer({
    store: "memory:",
    port: 0,
    env: systemEnv({ log: () => undefined }),
    adminKey: key,
    // Nobody answers a query here.
    engine: { callTimeoutMs: 5 },
    limits: {
      requestsPerSecond: 1_000_000,
      requestBurst: 1_000_000,
      strangerPerSecond: 1_000_000,
      strangerBurst: 1_000_000,
    },
  });
  const { engine } = server;
  const input = { encoding: "json", data: new TextEncoder().encode("7") };
  const { runId } = await engine.start({
    namespace: "default",
    workflow: "returns",
    queue: "nobody",
    input,
  });
  const events = (): number => engine.stats().events;
  return {
    url: server.url,
    key,
    runId,
    events,
    async settled() {
      while (engine.stats().commitsInFlight > 0 || engine.stats().queued > 0) {
        await new Promise((resolve) => void setImmediate(resolve));
      }
      return events();
    },
    close: () => server.close(),
  };
}

/** A server does not start without a credential. */
function newKey(): string {
  return `pdk_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("base64url")}`;
}
