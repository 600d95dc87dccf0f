/**
 * Services of Restate's SDK as three processes: a server of its protocol, the service, and a driver
 * over HTTP. The server is Restate's own, or ours.
 */
import { randomUUID } from "node:crypto";
import { connect, type Ingress } from "@restatedev/restate-sdk-clients";
import { machineMs } from "../../../src/clock.ts";
import type { Contender, Prepared } from "../../../src/contender.ts";
import type { Workload } from "../../../src/workload.ts";
import {
  expectAnswer,
  expectSum,
  refused,
  stepsPerRun,
  timed,
  timedInside,
  workloads,
} from "../load.ts";
import { versions } from "../versions.ts";
import { restateServerIsInstalled, startRestate, type ProtocolServer } from "./server.ts";
import { ServiceProcess } from "./service.ts";
import type { bench, counter } from "./services.ts";

const callsPerPartition = 10;

export interface ServerKind {
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly durability: string;
  readonly settings: string;
  readonly isInstalled: boolean;
  readonly start: (folder: string) => Promise<ProtocolServer>;
  /** Calls to make before anything is measured. */
  readonly settlingCalls: number;
}

export function restateContender(name: string, partitions: number, why: string): Contender {
  return contenderOn({
    name,
    versions: versions("@restatedev/restate-server"),
    durability: "one node, replicated log with rocksdb-disable-wal-fsync=false: the log is synced",
    settings: `${partitions} partitions (${why})`,
    isInstalled: restateServerIsInstalled(),
    start: (folder) => startRestate(folder, partitions),
    settlingCalls: partitions * callsPerPartition,
  });
}

export function contenderOn(kind: ServerKind): Contender {
  const { name, durability } = kind;
  return {
    hello: () => ({
      name,
      versions: {
        ...kind.versions,
        ...versions("@restatedev/restate-sdk", "@restatedev/restate-sdk-clients"),
      },
      durability,
      settings:
        `${kind.settings}; server, service (HTTP/2) and driver (HTTP through the ingress, with the ` +
        "SDK's client) are processes of their own; a signal is an awakeable",
      workloads: workloads(
        ["steps", "no-steps", "fan-out", "increments", "signals", "step-runs"],
        { "remote-steps": "has no queues of tasks: a handler's calls are measured in fan-out" },
        "has no bulk call: each start is a request",
      ),
      ...(kind.isInstalled ? {} : { missing: "npm run bench -- --peers" }),
    }),
    async open({ folder }) {
      const server = await kind.start(folder);
      const service = new ServiceProcess();
      await register(server.adminUrl, await service.url());
      const ingress = connect({ url: server.ingressUrl });
      await settles(ingress, kind.settlingCalls);
      const warm = new Set<string>();
      return {
        async prepare(workload) {
          await warmUp(warm, workload, (like) => prepare(name, ingress, service, like));
          return prepare(name, ingress, service, workload);
        },
        processes: () => [server.process, service.process, { name: "driver", pid: process.pid }],
        storeBytes: () => server.bytes(),
        async close() {
          await server.stop();
          await service.stop();
        },
      };
    },
  };
}

/** A server that says it is healthy may still be choosing its partitions' leaders: calls wait. */
async function settles(ingress: Ingress, count: number): Promise<void> {
  const client = ingress.serviceClient<typeof bench>({ name: "bench" });
  // By chance a partition gets none of these in one of many thousand starts.
  const calls = Array.from({ length: count }, () => client.nothing());
  await Promise.all(calls);
}

/** Not one of those that are measured: their counters begin at nothing. */
const warmingLanes = 63;
const warmingSeconds = 8;

/**
 * A server that has been up for a while has its code compiled and its caches filled: each kind of call
 * is made for some seconds before the first of it is measured, at a width that is not measured itself.
 */
async function warmUp(
  warm: Set<string>,
  workload: Workload,
  prepared: (workload: Workload) => Prepared,
): Promise<void> {
  if (!("inFlight" in workload)) return;
  const like = { ...workload, inFlight: warmingLanes };
  const name = JSON.stringify(like);
  if (warm.has(name)) return;
  warm.add(name);
  await prepared(like).run("warm-up", { seconds: warmingSeconds });
}

async function register(adminUrl: string, uri: string): Promise<void> {
  const reply = await fetch(`${adminUrl}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri }),
  });
  if (!reply.ok) throw new Error(`the service is not registered: ${await reply.text()}`);
}

function prepare(
  name: string,
  ingress: Ingress,
  service: ServiceProcess,
  workload: Workload,
): Prepared {
  const client = ingress.serviceClient<typeof bench>({ name: "bench" });
  const take = () => service.take();
  switch (workload.kind) {
    case "steps":
      return timedInside(workload.inFlight, stepsPerRun, {
        work: async () => expectSum(await client.five()),
        take,
      });
    case "step-runs":
      return timed(workload.inFlight, 1, async () => expectSum(await client.five()));
    case "no-steps":
      return timed(workload.inFlight, 1, async () => expectAnswer(await client.nothing(), 1));
    case "fan-out": {
      const { inFlight, children } = workload;
      return timed(inFlight, children, async () =>
        expectAnswer(await client.parent(children), children),
      );
    }
    case "increments": {
      const increment = (key: string) =>
        ingress.objectClient<typeof counter>({ name: "counter" }, key).increment();
      return increments(workload.inFlight, workload.keys, increment);
    }
    case "signals":
      return timedInside(workload.inFlight, 1, {
        work: async () => {
          const call = randomUUID();
          const answer = client.waiter(call);
          await ingress.resolveAwakeable(await service.waiting.meet(call), machineMs());
          expectAnswer(await answer, 1);
        },
        take,
      });
    default:
      return refused(name, workload);
  }
}

/** At the end each key's highest answer is the number of increments that it got. */
function increments(
  inFlight: number,
  keys: number,
  increment: (key: string) => PromiseLike<number>,
): Prepared {
  const sent = Array.from({ length: keys }, () => 0);
  const highest = Array.from({ length: keys }, () => 0);
  let next = 0;
  const load = timed(inFlight, 1, async () => {
    const key = next++ % keys;
    sent[key] = (sent[key] ?? 0) + 1;
    const value = await increment(`key-${key}-of-${keys}-by-${inFlight}`);
    highest[key] = Math.max(highest[key] ?? 0, value);
  });
  return {
    async run(phase, budget) {
      const measured = await load.run(phase, budget);
      if (measured.unfinished !== undefined) return measured;
      for (const [key, count] of sent.entries()) expectAnswer(highest[key], count);
      return measured;
    },
  };
}
