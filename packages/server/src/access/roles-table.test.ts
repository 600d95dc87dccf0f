import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { rolesTable } from "./roles-table.ts";

/** The formatter aligns columns, which says nothing. */
function cells(markdown: string): readonly string[] {
  return markdown
    .split("\n")
    .filter((line) => /^\| `\w+\.\w+`/.test(line))
    .map((line) => line.replaceAll(/ +/g, " "));
}

test("docs/SECURITY.md shows the table of roles that the server goes by", async () => {
  const file = new URL("../../../../docs/SECURITY.md", import.meta.url);
  expect(cells(await readFile(file, "utf8"))).toEqual(cells(rolesTable()));
});
