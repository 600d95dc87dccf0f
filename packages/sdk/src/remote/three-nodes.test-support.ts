/** Three nodes of one store in this process, with sockets between them. */
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { SocketNetwork } from "@perdure/nodes";
import { Disk, MemoryStore } from "@perdure/store";

const access = { secret: "a-secret-of-three-nodes-in-a-process" };

export async function threeNodes(): Promise<readonly Engine[]> {
  const disk = new Disk(6);
  const env = systemEnv({ log: () => undefined });
  const nodes: Engine[] = [];
  for (const id of ["a", "b", "c"]) {
    const network = await SocketNetwork.open({ listen: "127.0.0.1:0", access, env });
    const { address } = network;
    const node = { id, address, version: "test", network, leaseMs: 10_000, beatMs: 50 };
    const store = new MemoryStore(disk);
    const engine = await Engine.open({ store, env, calendar: createCalendar(), node });
    const close = async (): Promise<void> => {
      await engine.close();
      await network.close();
    };
    nodes.push({ ...engine, close });
  }
  const asker = { id: "test", address: "", version: "", startedAt: 0, beat: 0, isLeaving: true };
  for (const store = new MemoryStore(disk); ;) {
    const { partitions } = await store.beat(asker);
    // Nobody should wait for it.
    await store.beat(asker, ["test"]);
    const owners = new Set(partitions.map(({ owner }) => owner));
    if (owners.size === nodes.length && !owners.has(undefined)) break;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  return nodes;
}
