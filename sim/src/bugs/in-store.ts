/** Bugs between the engine and its disk. */
import type { Batch, Settled } from "@perdure/store";
import type { Bug } from "./bug.ts";
import { bentStore } from "./bent.ts";

export const ackBeforeCommit: Bug = {
  name: "ack-before-commit",
  harm: "what was acknowledged is gone after a power cut",
  withinSeeds: 5,
  plant: () => ({
    store: (store) =>
      bentStore(store, {
        commit: (batches) => {
          void store.commit(batches).catch(() => undefined);
          return Promise.resolve({ type: "done" });
        },
      }),
  }),
};

export const unknownIsDone: Bug = {
  name: "unknown-is-done",
  harm: "a commit whose answer was lost is taken for granted",
  withinSeeds: 20,
  plant: () => ({
    store: (store) =>
      bentStore(store, {
        commit: async (batches) => {
          const result = await store.commit(batches);
          return result.type === "unknown" ? { type: "done" } : result;
        },
      }),
  }),
};

export const noFence: Bug = {
  name: "no-fence",
  harm: "an engine that was replaced goes on writing",
  withinSeeds: 60,
  plant: () => {
    const epochs = new Map<number, number>();
    return {
      disk: (disk) =>
        bentStore(disk, {
          open: async (partition) => {
            const opened = await disk.open(partition);
            epochs.set(partition, opened.epoch);
            return opened;
          },
          commit: (batches) => {
            const epochOf = ({ partition, epoch }: Batch) => epochs.get(partition) ?? epoch;
            return disk.commit(batches.map((batch) => ({ ...batch, epoch: epochOf(batch) })));
          },
        }),
    };
  },
};

export const noDedupe: Bug = {
  name: "no-dedupe",
  harm: "a message between partitions is applied again after a crash",
  withinSeeds: 60,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, {
        commit: (batches) => disk.commit(batches.map((batch) => ({ ...batch, marks: [] }))),
      }),
  }),
};

export const lostOutbox: Bug = {
  name: "lost-outbox",
  harm: "a message on its way when the node died never arrives",
  withinSeeds: 100,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, {
        open: async (partition) => ({ ...(await disk.open(partition)), outbox: [] }),
      }),
  }),
};

export const lostAlarm: Bug = {
  name: "lost-alarm",
  harm: "a run that sleeps outside of memory never wakes up",
  withinSeeds: 60,
  plant: () => ({
    disk: (disk) => bentStore(disk, { alarms: () => Promise.resolve([]) }),
  }),
};

export const eventDroppedAtSettle: Bug = {
  name: "event-dropped-at-settle",
  harm: "a run comes back without the last thing that happened to it",
  withinSeeds: 20,
  plant: () => {
    const settled = new Set<string>();
    return {
      disk: (disk) =>
        bentStore(disk, {
          commit: (batches) => {
            for (const { settle } of batches) for (const { stream } of settle) settled.add(stream);
            return disk.commit(batches);
          },
          read: async (stream, from, limit) => {
            const data = await disk.read(stream, from, limit);
            if (data === undefined || !settled.has(stream) || data.events.length < 2) return data;
            return { ...data, events: data.events.slice(0, -1), seq: data.seq - 1 };
          },
        }),
    };
  },
};

export const outcomeGuessed: Bug = {
  name: "outcome-guessed",
  harm: "a commit whose fate the store was asked for is taken for done, whatever it says",
  withinSeeds: 40,
  plant: () => ({
    store: (store) => bentStore(store, { outcome: () => Promise.resolve("applied") }),
  }),
};

export const workForgotten: Bug = {
  name: "work-forgotten",
  harm: "a run that was put to rest with work left is not taken up after a restart",
  withinSeeds: 100,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, {
        commit: (batches) =>
          disk.commit(
            batches.map((batch) => ({
              ...batch,
              settle: batch.settle.map((settled) => ({ ...settled, hasWork: false })),
            })),
          ),
      }),
  }),
};

export const staleSnapshot: Bug = {
  name: "stale-snapshot",
  harm: "a key comes back as it was when it was put to rest the time before",
  withinSeeds: 20,
  plant: () => {
    const snapshots = new Map<string, Uint8Array>();
    const older = (settled: Settled): Settled => {
      const { stream, snapshot } = settled;
      if (snapshot === undefined) return settled;
      const data = snapshots.get(stream) ?? snapshot.data;
      snapshots.set(stream, snapshot.data);
      return { ...settled, snapshot: { ...snapshot, data } };
    };
    return {
      disk: (disk) =>
        bentStore(disk, {
          commit: (batches) =>
            disk.commit(batches.map((batch) => ({ ...batch, settle: batch.settle.map(older) }))),
        }),
    };
  },
};

export const prunedEarly: Bug = {
  name: "pruned-early",
  harm: "closed runs are forgotten before their time is over",
  withinSeeds: 40,
  plant: () => ({
    store: (store) =>
      bentStore(store, {
        prune: (now, limit, partitions) => store.prune(now + 900, limit, partitions),
      }),
  }),
};

export const mailReordered: Bug = {
  name: "mail-reordered",
  harm: "messages on their way when the node died arrive in another order",
  withinSeeds: 200,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, {
        open: async (partition) => {
          const opened = await disk.open(partition);
          return { ...opened, outbox: opened.outbox.toReversed() };
        },
      }),
  }),
};

export const blobLost: Bug = {
  name: "blob-lost",
  harm: "a large payload cannot be read back",
  withinSeeds: 40,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, { blobs: (_, hashes) => Promise.resolve(hashes.map(() => undefined)) }),
  }),
};
