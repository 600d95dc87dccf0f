/** Three nodes of one store in this process, with a network between them that takes a moment. */
import {
  createCalendar,
  Engine,
  systemEnv,
  type PeerEnd,
  type PeerNetwork,
  type PeerSocket,
} from "@perdure/engine";
import { Disk, MemoryStore } from "@perdure/store";

export async function threeNodes(): Promise<readonly Engine[]> {
  const disk = new Disk(6);
  const network = networkInProcess();
  const env = systemEnv({ log: () => undefined });
  const nodes: Engine[] = [];
  for (const id of ["a", "b", "c"]) {
    const node = { id, address: id, version: "test", network, leaseMs: 10_000, beatMs: 50 };
    const store = new MemoryStore(disk);
    nodes.push(await Engine.open({ store, env, calendar: createCalendar(), node }));
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

function networkInProcess(): PeerNetwork {
  const doors = new Map<string, (socket: PeerSocket) => PeerEnd>();
  return {
    connect({ address }, near) {
      const wire: { isOpen: boolean; far?: PeerEnd } = { isOpen: true };
      const close = (): void => {
        if (!wire.isOpen) return;
        wire.isOpen = false;
        setImmediate(() => {
          near.closed();
          wire.far?.closed();
        });
      };
      const to = (end: () => PeerEnd | undefined): PeerSocket => ({
        close,
        send(message) {
          const copy = structuredClone(message);
          setImmediate(() => wire.isOpen && end()?.message(copy));
        },
      });
      setImmediate(() => {
        const accept = doors.get(address);
        if (accept === undefined) close();
        else wire.far = accept(to(() => near));
      });
      return to(() => wire.far);
    },
    listen(address, accept) {
      doors.set(address, accept);
      return () => doors.delete(address);
    },
  };
}
