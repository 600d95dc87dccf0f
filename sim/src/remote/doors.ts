/** What workers elsewhere reach a node by: the server's own hosts, without its listener. */
import type { Engine, WorkerHost } from "@perdure/engine";
import {
  MemoryPushStore,
  PushEndpoints,
  StreamWorkers,
  type EndpointRecord,
  type PushOptions,
  type StreamSocket,
} from "@perdure/server/workers";
import type { Node } from "../cluster/node.ts";
import type { Parts } from "../cluster/parts.ts";
import type { Watch } from "../cluster/watch.ts";
import { namespace } from "../programs/place.ts";
import { bytesFrom, filledFrom } from "./chance.ts";
import { digests } from "./digests.ts";
import { watchedHost } from "./watched-host.ts";
import type { Web } from "./web.ts";

export interface Doors {
  readonly accept: (socket: StreamSocket, address: string) => void;
  /** The server is being switched off in good order. */
  readonly close: () => Promise<void>;
}

export interface DoorsParts {
  readonly parts: Parts;
  readonly watch: Watch;
  readonly web: Web;
  /** Absent: there are no apps to call. */
  readonly endpoint: EndpointRecord | undefined;
}

/** Of a node that is up. */
export function openDoors(given: DoorsParts, { engine, process }: Node): Doors | undefined {
  if (engine === undefined) return undefined;
  const { parts, watch, web, endpoint } = given;
  const { bug } = parts;
  const host = watchedHost({
    host: bug.host?.(engine) ?? engine,
    hooksFor: (worker) => watch.hooksFor(worker, process.name),
    bend: (worker) => bug.worker?.(worker) ?? worker,
  });
  const streams = new StreamWorkers({
    engine: host,
    env: process,
    server: process.name,
    random: bytesFrom(process),
  });
  const store = new MemoryPushStore();
  if (endpoint !== undefined) void store.put(endpoint);
  const push = PushEndpoints.open({
    engine: bentEngine(engine, host),
    env: process,
    store,
    outbound: web.outboundOf(process),
    random: filledFrom(process),
    digests,
  });
  return {
    accept: (socket, address) => void streams.accept(socket, { namespace }, { address }),
    close: async () => {
      await Promise.all([streams.close(), push.then((endpoints) => endpoints.close())]);
    },
  };
}

/** Workers register under the watch's eyes; everything else is the engine's own. */
function bentEngine(engine: Engine, host: WorkerHost): PushOptions["engine"] {
  return {
    register: (worker, options) => host.register(worker, options),
    journal: (...given) => engine.journal(...given),
    setTrigger: (...given) => engine.setTrigger(...given),
    putSchedule: (...given) => engine.putSchedule(...given),
    workers: (...given) => engine.workers(...given),
  };
}
