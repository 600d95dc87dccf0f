import type { Contender } from "../../src/contender.ts";
import { restateContender } from "../src/restate/contender.ts";

export const contender: Contender = restateContender(
  "restate-4-partitions",
  4,
  "24 by default; fewer were quicker on two cores",
);
