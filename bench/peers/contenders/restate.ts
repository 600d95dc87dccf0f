import type { Contender } from "../../src/contender.ts";
import { restateContender } from "../src/restate/contender.ts";

export const contender: Contender = restateContender("restate", 24, "the default");
