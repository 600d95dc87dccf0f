import { describe, expect, it } from "vitest";
import { statementOf } from "./statement.ts";

function asked(sql: string, table = "sys_invocation") {
  const found = statementOf(sql).tables.find((one) => one.table.name === table);
  if (found === undefined) throw new Error("the table is not named");
  const filters = Object.entries(found.filters).map(([column, { isOne, isNone }]) => {
    const plain = { ...(isOne && { is: [...isOne] }), ...(isNone && { not: [...isNone] }) };
    return [column, plain] as const;
  });
  return { filters: Object.fromEntries(filters), columns: found.columns };
}

const from = "SELECT id FROM sys_invocation inv ";

describe("what a statement asks for", () => {
  it.each([
    ["WHERE id = 'inv_1'", { id: { is: ["inv_1"] } }],
    ["WHERE inv.id == 'inv_1' LIMIT 1", { id: { is: ["inv_1"] } }],
    [
      "WHERE \"id\" IN ('a', 'b') AND status != 'completed'",
      { id: { is: ["a", "b"] }, status: { not: ["completed"] } },
    ],
    ["WHERE status IN ('a','b') AND status IN ('b','c')", { status: { is: ["b"] } }],
    ["WHERE status NOT IN ('a') AND status <> 'b' ORDER BY id", { status: { not: ["a", "b"] } }],
    [
      "LEFT JOIN sys_deployment dp ON dp.id = inv.x WHERE inv.id = 'it''s'",
      { id: { is: ["it's"] } },
    ],
  ])("%s leaves out what it would leave out itself", (where, filters) => {
    expect(asked(from + where).filters).toEqual(filters);
  });

  it.each([
    "WHERE id = 'a' OR id = 'b'",
    "WHERE NOT id = 'a'",
    "WHERE id = 'a' || 'b'",
    "WHERE lower(id) = 'a'",
    "WHERE (id = 'a' OR TRUE)",
    "WHERE created_at BETWEEN 'a' AND id = 'b'",
    "WHERE CASE WHEN id = 'a' AND id = 'b' THEN 1 ELSE 1 END",
    "WHERE other.id = 'a'",
    "WHERE id > 'a'",
    "WHERE id IN (SELECT 'a')",
    "WHERE id = target",
    "JOIN sys_invocation b WHERE inv.id = 'a'",
    "JOIN sys_deployment dp WHERE id = 'a'",
    "WHERE EXISTS (SELECT 1 FROM sys_invocation WHERE id = 'a')",
    "UNION SELECT id FROM sys_invocation WHERE id = 'a'",
  ])("%s leaves nothing out", (where) => {
    expect(asked(from + where).filters).toEqual({});
  });

  it("looks through a subquery that takes any rows, and not through others", () => {
    const outer = "WHERE inv.target_service_name IN ('S') AND status = 'running'";
    const filters = { target_service_name: { is: ["S"] }, status: { is: ["running"] } };
    const plain = `SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) ${outer}`;
    expect(asked(plain).filters).toEqual(filters);
    for (const inner of [
      "SELECT * FROM sys_invocation inv ORDER BY id LIMIT 5",
      "SELECT id, 'S' AS target_service_name FROM sys_invocation inv LIMIT 5",
      "SELECT * FROM sys_invocation inv JOIN sys_service LIMIT 5",
    ]) {
      expect(asked(`SELECT COUNT(1) FROM (${inner}) ${outer}`).filters).toEqual({});
    }
  });

  it.each([
    ["SELECT id FROM sys_invocation inv ORDER BY inv.created_at DESC, inv.id LIMIT 100", 100, true],
    [
      "SELECT id, target FROM sys_invocation WHERE status != 'completed' ORDER BY created_at DESC LIMIT 7",
      7,
      true,
    ],
    [
      "SELECT id FROM sys_invocation i WHERE i.target_service_name = 'S' ORDER BY i.created_at DESC, i.id LIMIT 5;",
      5,
      true,
    ],
    [
      "SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) WHERE status IN ('running')",
      50_000,
      false,
    ],
  ])("of %s knows how many rows are enough", (sql, count, isNewest) => {
    expect(statementOf(sql).tables[0]?.enough).toEqual({ count, isNewest });
  });

  it.each([
    "SELECT id FROM sys_invocation LIMIT 100",
    "SELECT id FROM sys_invocation ORDER BY created_at ASC LIMIT 100",
    "SELECT id FROM sys_invocation ORDER BY target, created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation ORDER BY created_at DESC LIMIT 100 OFFSET 5",
    "SELECT count(id) FROM sys_invocation ORDER BY created_at DESC LIMIT 100",
    "SELECT DISTINCT target FROM sys_invocation ORDER BY created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation GROUP BY id ORDER BY created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation WHERE status = 'running' ORDER BY created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation WHERE retry_count > 1 ORDER BY created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation WHERE target = 'a' OR 1 = 1 ORDER BY created_at DESC LIMIT 100",
    "SELECT id FROM sys_invocation WHERE pinned_deployment_id = 'a' ORDER BY created_at DESC LIMIT 100",
    "SELECT i.id FROM sys_invocation i JOIN sys_service ORDER BY i.created_at DESC LIMIT 100",
    "SELECT id FROM (SELECT * FROM sys_invocation ORDER BY id LIMIT 5)",
    "SELECT id FROM (SELECT * FROM sys_invocation) ORDER BY created_at DESC LIMIT 5",
  ])("of %s knows no number of rows that is enough", (sql) => {
    expect(statementOf(sql).tables[0]?.enough).toBeUndefined();
  });

  it("needs the columns that it names, and all where a row counts as a whole", () => {
    const count = asked(
      "SELECT COUNT(1) FROM (SELECT * FROM sys_invocation LIMIT 5) WHERE status = 'a'",
    );
    expect([...count.columns]).toEqual(["status"]);
    expect(asked("SELECT * FROM sys_invocation").columns.has("last_failure")).toBe(true);
    expect(asked("SELECT inv.* FROM sys_invocation inv").columns.has("last_failure")).toBe(true);
    const distinct = "SELECT count(*) FROM (SELECT DISTINCT * FROM sys_invocation)";
    expect(asked(distinct).columns.has("last_failure")).toBe(true);
    const strings = asked("SELECT 'last_failure' AS x, \"id\" FROM sys_invocation");
    expect([...strings.columns]).toEqual(["id"]);
  });

  it("is spelled as SQLite reads it, and strings stay as they are", () => {
    const sql =
      "SELECT sj.index, 'index public.x' FROM public.sys_journal sj, (SELECT * FROM state s LIMIT 1) " +
      "WHERE index ILIKE 'information_schema.x' -- index\n ;";
    expect(statementOf(sql).sql).toBe(
      "SELECT sj.\"index\", 'index public.x' FROM sys_journal sj, (SELECT * FROM state s LIMIT 1) AS s " +
        "WHERE \"index\" MATCH 'information_schema.x'",
    );
    const schema = "SELECT * FROM information_schema.columns";
    expect(statementOf(schema).sql).toBe("SELECT * FROM information_schema_columns");
    expect(asked(schema, "information_schema_columns").filters).toEqual({});
  });

  it("knows which of its columns are conditions", () => {
    const sql =
      "SELECT dp.id IS NOT NULL AS a, 1 < 2, x, count(CASE WHEN 1 = 1 THEN 2 END), (1 = 2) c, " +
      "CASE WHEN 1 = 1 THEN 5 END AS d, EXISTS (SELECT 1) AS e, true FROM state";
    expect([...statementOf(sql).conditions]).toEqual(["a", "1 < 2", "e", "true"]);
  });
});
