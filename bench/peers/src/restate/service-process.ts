/** Serves the handlers over HTTP/2, and tells its parent over IPC what it asks and must know. */
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import { takeLatency, type FromService } from "./messages.ts";
import { bench, counter, latencies, onWaiting } from "./services.ts";

const tell = (message: FromService): void => void process.send?.(message);

onWaiting((call, awakeable) => tell({ kind: "waiting", call, awakeable }));
process.on("message", (asked) => {
  if (asked === takeLatency) tell({ kind: "latency", latency: latencies.take() });
});
process.on("disconnect", () => process.exit());

// As `restate.serve` does, but on the loopback interface alone.
const endpoint = restate.createEndpointHandler({ services: [bench, counter] });
const server = createServer(endpoint).listen(0, "127.0.0.1");
await once(server, "listening");
tell({ kind: "serves", port: (server.address() as AddressInfo).port });
