import { contenderOf } from "../../nodes/contender.ts";

export const contender = contenderOf("perdure-3-nodes-3-databases", { nodes: 3, databases: 3 });
