import { nodesOf, type Program } from "./program.ts";

/**
 * Steps that run ahead of the disk may have led a lost execution down another branch than the one
 * that is recorded, which cannot know what was done there.
 */
export function mayStray(program: Program): boolean {
  const nodes = [...nodesOf(program)].map(({ node }) => node);
  const runsAhead = nodes.some((node) => node.type === "step" && node.durability !== "sync");
  return runsAhead && nodes.some(({ type }) => type === "race" || type === "cancellable");
}
