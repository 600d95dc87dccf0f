import { contenderOf } from "../../nodes/contender.ts";

export const contender = contenderOf("perdure-3-nodes", { nodes: 3, databases: 1 });
