import { contenderOf } from "../../nodes/contender.ts";

export const contender = contenderOf("perdure-3-databases", { nodes: 1, databases: 3 });
