/** `cluster.*`: the nodes that share the store, and who has which partition of it. */
import type { ClusterReport, NodeView, PartitionView } from "@perdure/engine";
import * as z from "zod";
import { jsonRoute, type Route } from "../http/route.ts";

const node = z
  .strictObject({
    id: z.string(),
    address: z.string().exactOptional(),
    version: z.string(),
    startedAt: z.number(),
    beatAgeMs: z.int(),
    isSelf: z.boolean(),
    isAlive: z.boolean(),
    isLeaving: z.boolean(),
    isReachable: z.boolean(),
    partitions: z.int(),
  })
  .meta({ id: "Node" });

const partition = z
  .strictObject({
    partition: z.int(),
    database: z.int(),
    epoch: z.int(),
    owner: z.string().exactOptional(),
    openedAt: z.number().exactOptional(),
    liveStreams: z.int().exactOptional(),
    queued: z.int().exactOptional(),
    commitsInFlight: z.int().exactOptional(),
    oldestCommitMs: z.int().exactOptional(),
    lateAlarms: z.int().exactOptional(),
  })
  .meta({ id: "Partition" });

const self = z.string().exactOptional();

export function clusterRoutes(report: () => Promise<ClusterReport>): readonly Route[] {
  return [
    jsonRoute({
      operation: "cluster.nodes",
      summary: "The servers that share the store",
      description:
        "As the one that is asked sees them; `beatAgeMs` is since their last sign of life. None: " +
        "this server has the store for itself. Addresses are told to admins of the whole server.",
      answer: z.strictObject({ self, nodes: z.array(node) }),
      plain: true,
      handle: async ({ caller }) => {
        const { self: id, nodes } = await report();
        const shown = caller.anyNamespace ? nodes : nodes.map(withoutAddress);
        return { ...(id === undefined ? {} : { self: id }), nodes: shown };
      },
    }),
    jsonRoute({
      operation: "cluster.partitions",
      summary: "The partitions of the store: who has each, and what waits in it",
      description:
        "What waits is told to admins of the whole server, of partitions whose owner can be asked now.",
      answer: z.strictObject({ self, partitions: z.array(partition) }),
      plain: true,
      handle: async ({ caller }) => {
        const { self: id, partitions } = await report();
        const shown = caller.anyNamespace ? partitions : partitions.map(forTenant);
        return { ...(id === undefined ? {} : { self: id }), partitions: shown };
      },
    }),
  ];
}

function withoutAddress(view: NodeView): Omit<NodeView, "address"> {
  const { address: _, ...rest } = view;
  return rest;
}

/** How busy others are is not a tenant's to know (trap T9). */
function forTenant({ partition: number, database, epoch, owner }: PartitionView): PartitionView {
  return { partition: number, database, epoch, ...(owner === undefined ? {} : { owner }) };
}
