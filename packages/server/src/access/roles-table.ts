/** The policy as a table for people: what `docs/SECURITY.md` shows. */
import { operations, type Operation } from "@perdure/wire";
import { policy, roles } from "./roles.ts";

export function rolesTable(): string {
  const head = `| operation | ${roles.join(" | ")} |\n| --- |${" --- |".repeat(roles.length)}\n`;
  const rows = (Object.keys(operations) as Operation[]).map((operation) => {
    const marks = roles.map((role) => (policy[operation].includes(role) ? "yes" : ""));
    return `| \`${operation}\` | ${marks.join(" | ")} |\n`;
  });
  return head + rows.join("");
}
