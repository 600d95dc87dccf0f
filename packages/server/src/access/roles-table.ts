/** The policy as a table for people: what `docs/SECURITY.md` shows. */
import { operations, type Operation } from "@perdure/wire";
import { restatePolicy, type RestateOperation } from "../restate/restate-policy.ts";
import { policy, roles, type Role } from "./roles.ts";

export function rolesTable(): string {
  const own = (Object.keys(operations) as Operation[]).map((name) => row(name, policy[name]));
  const ofDoors = (Object.keys(restatePolicy) as RestateOperation[]).map((name) => {
    return row(name, restatePolicy[name]);
  });
  const head = `| operation | ${roles.join(" | ")} |\n| --- |${" --- |".repeat(roles.length)}\n`;
  return head + [...own, ...ofDoors].join("");
}

function row(operation: string, allowed: readonly Role[]): string {
  const marks = roles.map((role) => (allowed.includes(role) ? "yes" : ""));
  return `| \`${operation}\` | ${marks.join(" | ")} |\n`;
}
