/** Bugs between the databases of one store. */
import type { Bug } from "./bug.ts";
import { bentStore } from "./bent.ts";

export const deliveredAhead: Bug = {
  name: "delivered-ahead",
  harm: "a message to another database is forgotten before it has arrived",
  withinSeeds: 200,
  plant: () => ({
    disk: (disk) =>
      bentStore(disk, {
        delivered: (deliveries) =>
          disk.delivered(deliveries.map((delivery) => ({ ...delivery, seq: delivery.seq + 1 }))),
      }),
  }),
};
