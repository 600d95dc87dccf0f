/** Bugs between the nodes that share a store. */
import type { PeerEnd, PeerMessage, PeerNetwork, PeerSocket } from "@perdure/engine";
import type { Opened, PartitionRecord, Store } from "@perdure/store";
import { bentStore } from "./bent.ts";
import type { Bug } from "./bug.ts";

/** What a node finds that claims a partition. */
function bentTaking(disk: Store, bend: (opened: Opened) => Opened): Store {
  return bentStore(disk, {
    open: async (partition, claim) => {
      const opened = await disk.open(partition, claim);
      return claim === undefined ? opened : bend(opened);
    },
  });
}

/** Each side's end of every connection hears `bend` of what arrives; `socket` is its own. */
function bentNetwork(
  network: PeerNetwork,
  hear: (message: PeerMessage, pass: (message: PeerMessage) => void, socket: PeerSocket) => void,
): PeerNetwork {
  const bentEnd = (end: PeerEnd, socket: () => PeerSocket): PeerEnd => ({
    message: (message) => hear(message, (bent) => end.message(bent), socket()),
    closed: () => end.closed(),
  });
  return {
    connect: (to, end) => {
      const opened: PeerSocket = network.connect(
        to,
        bentEnd(end, () => opened),
      );
      return opened;
    },
    listen: (address, accept) =>
      network.listen(address, (socket) => bentEnd(accept(socket), () => socket)),
  };
}

interface Parcel {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly messages: readonly Uint8Array[];
}

function parcelIn(message: PeerMessage): Parcel | undefined {
  return message.type === "tell" && message.word === "mail" ? (message.body as Parcel) : undefined;
}

export const neverStepsDown: Bug = {
  name: "never-steps-down",
  harm: "a node that was taken for dead answers with what it last knew",
  withinSeeds: 40,
  plant: () => ({
    membership: (terms) => ({ ...terms, marginMs: -3_600_000 }),
    store: (store) => {
      const had = new Map<number, PartitionRecord>();
      return bentStore(store, {
        release: (partition, epoch) => {
          had.delete(partition);
          return store.release(partition, epoch);
        },
        beat: async (node, gone, database) => {
          const view = await store.beat(node, gone, database);
          for (const record of view.partitions) {
            if (record.owner === node.id) had.set(record.partition, record);
          }
          const partitions = view.partitions.map((record) => had.get(record.partition) ?? record);
          return { ...view, partitions };
        },
      });
    },
  }),
};

export const marksLeftBehind: Bug = {
  name: "marks-left-behind",
  harm: "the next owner of a partition applies messages again that were applied",
  withinSeeds: 40,
  plant: () => ({ disk: (disk) => bentTaking(disk, (opened) => ({ ...opened, marks: [] })) }),
};

export const outboxLeftBehind: Bug = {
  name: "outbox-left-behind",
  harm: "messages that were not delivered when a partition moved are lost",
  withinSeeds: 200,
  plant: () => ({ disk: (disk) => bentTaking(disk, (opened) => ({ ...opened, outbox: [] })) }),
};

export const claimForTwo: Bug = {
  name: "claim-for-two",
  harm: "two nodes that claim a partition at the same time both have it",
  withinSeeds: 20,
  plant: () => ({
    disk: (disk) => {
      const given = new Map<string, Opened>();
      return bentStore(disk, {
        open: async (partition, claim) => {
          const name = `${partition} after ${claim?.after}`;
          const before = given.get(name);
          if (claim !== undefined && before !== undefined) return before;
          const opened = await disk.open(partition, claim);
          given.set(name, opened);
          return opened;
        },
      });
    },
  }),
};

export const receiptTooSoon: Bug = {
  name: "receipt-too-soon",
  harm: "a message is acknowledged to its sender before it is applied for good",
  withinSeeds: 200,
  plant: () => ({
    network: (network) =>
      bentNetwork(network, (message, pass, socket) => {
        pass(message);
        const parcel = parcelIn(message);
        if (parcel === undefined) return;
        const { from, to, first, messages } = parcel;
        const body = { from, to, seq: first + messages.length - 1 };
        socket.send({ type: "tell", word: "receipt", body });
      }),
  }),
};

export const parcelTwice: Bug = {
  name: "parcel-twice",
  harm: "messages that are told again, because nothing was heard of them, count again",
  withinSeeds: 60,
  plant: () => ({
    network: (network) => {
      const taken = new Map<string, number>();
      return bentNetwork(network, (message, pass) => {
        const parcel = parcelIn(message);
        if (parcel === undefined || message.type !== "tell") return pass(message);
        const way = `${parcel.from}>${parcel.to}`;
        const last = taken.get(way) ?? parcel.first - 1;
        taken.set(way, Math.max(last + 1, parcel.first) + parcel.messages.length - 1);
        pass({ ...message, body: { ...parcel, first: Math.max(last + 1, parcel.first) } });
      });
    },
  }),
};

interface Followed {
  readonly events?: readonly unknown[];
}

export const watchWithGaps: Bug = {
  name: "watch-with-gaps",
  harm: "who watches a run of another node misses what happened while an answer was on its way",
  withinSeeds: 60,
  plant: () => ({
    network: (network) =>
      bentNetwork(network, (message, pass) => {
        const followed = message.type === "answer" ? (message.body as Followed) : undefined;
        if (message.type !== "answer" || followed?.events === undefined) return pass(message);
        pass({ ...message, body: { ...followed, events: followed.events.slice(1) } });
      }),
  }),
};
