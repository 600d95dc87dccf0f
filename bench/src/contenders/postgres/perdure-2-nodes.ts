import { contenderOf } from "../../nodes/contender.ts";

export const contender = contenderOf("perdure-2-nodes", { nodes: 2, databases: 1 });
