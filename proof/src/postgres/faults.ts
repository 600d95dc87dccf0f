/** What happens to a PostgreSQL and to the way to it while the writers are at work. */
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../fuzz/random.ts";
import { FaultProxy, type Direction } from "../network/fault-proxy.ts";
import { NthMessage } from "../network/nth-message.ts";
import { APPLICATION, type Site } from "./site.ts";

/** Commits one, and leaves the site whole. */
type Fault = (site: Site, random: Random) => Promise<void>;

const directions: readonly Direction[] = ["request", "response"];
/** A connection in use carries this many messages in no time. */
const NEAR_MESSAGES = 40;
const SILENCE_MS = 400;

export const faults = {
  serverKilled: async ({ server }) => {
    await server.kill();
    await server.start();
  },

  /** Its server ends all the others, and recovers by itself. */
  backendKilled: async (site, random) => {
    const pids = await site.backends();
    if (pids.length > 0) await site.server.killBackend(random.pick(pids));
  },

  backendsTerminated: async ({ server }) => {
    const text =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    await server.query(text, [APPLICATION]);
  },

  connectionCut: async (site, random) => {
    const cuts = ["cutBefore", "cutWithin", "cutAfter"] as const;
    const [direction, cut] = [random.pick(directions), random.pick(cuts)];
    await reached(site, new NthMessage(direction, random.between(1, NEAR_MESSAGES), cut));
    site.proxy.heal();
  },

  /** What was sent arrives when its sender has already asked whether it had. */
  commitStranded: async (site, random) => {
    await reached(site, new NthMessage("request", random.between(1, NEAR_MESSAGES), "strand"));
    site.proxy.heal();
    await delay(random.between(0, SILENCE_MS));
    await site.proxy.deliverStranded();
  },

  oneWaySilence: async ({ proxy }, random) => {
    const direction = random.pick(directions);
    proxy.hold(direction);
    await delay(random.between(1, SILENCE_MS));
    if (random.chance(0.5)) proxy.cut();
    proxy.release(direction);
  },

  /**
   * The synchronous standby takes over; the former primary never comes back. Before, commits wait in
   * vain for the standby, and somebody cancels their waiting: PostgreSQL then says COMMIT, with a
   * warning that this is true of the primary only.
   */
  failover: async (site) => {
    const former = site.server;
    const way = await FaultProxy.listen({ target: former.port });
    const standby = await former.follow(way.port);
    await site.workUnderWay();
    way.hold("response");
    await delay(SILENCE_MS);
    await former.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
      [APPLICATION],
    );
    await delay(SILENCE_MS);
    await former.kill();
    await way.close();
    await standby.promote();
    site.proxy.target = standby.port;
    site.server = standby;
    site.proxy.cut();
    await former.dispose();
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

async function reached(site: Site, message: NthMessage): Promise<void> {
  site.proxy.judge = message.judge;
  await site.until(() => message.wasReached);
}
