/** Serves the handlers, as `restate.serve` does, on the loopback interface alone. */
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import { awakeables, holder, signals, sleeper } from "./waiting.ts";
import { blockAndWait, failingWorkflow, workflowCaller } from "./workflows.ts";
import { blocker, canceller, explicit, killed, saga, slow } from "./cancelling.ts";
import { changing, hooked } from "./changing.ts";
import { combiner, promises } from "./combining.ts";
import { counted } from "./ledger.ts";
import { counter, list, mapObject } from "./state.ts";
import { echo, hidden, proxy } from "./calls.ts";
import { failing, runs } from "./failing.ts";
import { forgetful, own, ownCounter, versioned } from "./own.ts";
import { generated, generatedCounter } from "./generated.ts";
import type { AskOfServices, ToldByServices } from "./process-messages.ts";
import { settings } from "./settings.ts";

const shared = [
  counter,
  list,
  mapObject,
  proxy,
  echo,
  hidden,
  holder,
  awakeables,
  sleeper,
  signals,
  failing,
  runs,
  blocker,
  slow,
  canceller,
  killed,
  saga,
  explicit,
  combiner,
  promises,
  blockAndWait,
  failingWorkflow,
  workflowCaller,
  changing,
  hooked,
  generated,
  generatedCounter,
];

const services = settings.set === "shared" ? shared : [own, ownCounter, versioned, forgetful];

const endpoint = restate.createEndpointHandler({
  services,
  ...(settings.identityKeys.length > 0 ? { identityKeys: [...settings.identityKeys] } : {}),
  ...(settings.mode === "request-response" || settings.http1 ? { bidirectional: false } : {}),
});

const tell = (told: ToldByServices): void => void process.send?.(told);

process.on("message", ({ id, tag }: AskOfServices) =>
  tell({ kind: "counted", id, count: counted(tag) }),
);
process.on("disconnect", () => process.exit());

const server = settings.http1 ? createHttp1Server(endpoint) : createServer(endpoint);
server.listen(settings.port, "127.0.0.1");
await once(server, "listening");
tell({ kind: "serves", port: (server.address() as AddressInfo).port });
