import type { JsonObject } from "@perdure/kernel";
import { Command } from "commander";
import type { CommandOf } from "../../command.ts";
import { numberIn, objectsIn, textIn } from "../../connect/fields.ts";
import { table, type Column } from "../../terminal/table.ts";
import { dim, green, red, yellow, type Text } from "../../terminal/text.ts";
import { relative } from "../../terminal/time.ts";

const columns: readonly Column[] = [
  { title: "KEY" },
  { title: "STATE" },
  { title: "ROLE" },
  { title: "NAMESPACE", flexible: true },
  { title: "NAME", flexible: true },
  { title: "CREATED", align: "right" },
  { title: "USED", align: "right" },
];

export const list: CommandOf = (choose) =>
  new Command("list").description("API keys, without their secrets").action(() =>
    choose(async (context) => {
      const answer = await (await context.server()).call("apiKeys.list", {});
      if (context.json) {
        context.out.json(answer);
        return;
      }
      const now = context.now();
      const rows = objectsIn(answer, "keys").map((key): Text[] => [
        textIn(key, "id"),
        stateOf(key, now),
        textIn(key, "role"),
        textIn(key, "namespace"),
        textIn(key, "name"),
        momentIn(key, "createdAt", now),
        momentIn(key, "lastUsedAt", now),
      ]);
      context.out.lines(table(columns, rows, context.width));
    }),
  );

function stateOf(key: JsonObject, now: number): Text {
  if (key["revokedAt"] !== undefined) return red("revoked");
  const expiresAt = numberIn(key, "expiresAt");
  if (expiresAt !== undefined && expiresAt <= now) return red("expired");
  return key["overlapUntil"] === undefined ? green("active") : yellow("rotating");
}

function momentIn(key: JsonObject, name: string, now: number): Text {
  const at = numberIn(key, name);
  return at === undefined ? dim("-") : relative(at, now);
}
