import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { bytes, numbers, texts } from "./arrays.ts";
import { Gate } from "./gate.ts";
import { KnownRows, type StreamRow } from "./partition-memory.ts";
import { postgresLimits as limits } from "./limits.ts";
import { fromText, toText } from "./text.ts";
import { stream } from "@perdure/store/contract";

describe("an address", () => {
  it("has the store's options among its parameters, and the driver's left to it", () => {
    const { connectionString, shown, options } = parseAddress(
      "postgres://me:secret@db:5433/app?schema=jobs&connections=9&partitions=8&prepare=false" +
        "&application_name=node1&sslmode=require",
    );
    expect(options).toEqual({
      schema: "jobs",
      connections: 9,
      partitions: 8,
      prepare: false,
      applicationName: "node1",
    });
    expect(connectionString).toBe("postgres://me:secret@db:5433/app?sslmode=require");
    expect(shown).toBe("postgres://db:5433/app?schema=jobs");
  });

  it("gives way to options that are given beside it", () => {
    const { options } = parseAddress("postgres://db/app?schema=jobs", { schema: "other" });
    expect(options.schema).toBe("other");
  });

  it("may name a socket", () => {
    const { connectionString, shown } = parseAddress("postgres://me@/app?host=/run/postgresql");
    expect(connectionString).toBe("postgres://me@/app?host=%2Frun%2Fpostgresql");
    expect(shown).toBe("postgres:///run/postgresql/app");
  });

  for (const [what, address] of [
    ["another protocol", "mysql://db/app"],
    ["no address", "db"],
    ["a schema that is no name", `postgres://db/app?schema=${encodeURIComponent('a"; DROP')}`],
    ["a schema that is too long", `postgres://db/app?schema=${"s".repeat(limits.schemaChars + 1)}`],
    ["no connections", "postgres://db/app?connections=0"],
    ["too many connections", `postgres://db/app?connections=${limits.mostConnections + 1}`],
    ["half a partition", "postgres://db/app?partitions=0.5"],
    ["half a yes", "postgres://db/app?prepare=maybe"],
  ] as const) {
    it(`is refused for ${what}, and says why`, () => {
      expect(() => parseAddress(address)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    });
  }

  it("takes limits at their value", () => {
    const schema = "s".repeat(limits.schemaChars);
    const { options } = parseAddress(
      `postgres://db/app?schema=${schema}&connections=${limits.mostConnections}`,
    );
    expect(options).toEqual({ schema, connections: limits.mostConnections });
  });
});

describe("a text", () => {
  it("comes back as it was, whatever is in it, and equal ones only are equal", () => {
    const all = [
      "",
      "a",
      "\u0000",
      "\u0001",
      "\u00010",
      "\u00011",
      "\u0000\u0001",
      "a\u0000b",
      "\\0",
    ];
    const kept = all.map(toText);
    expect(kept.map(fromText)).toEqual(all);
    expect(new Set(kept).size).toBe(all.length);
    expect(kept.filter((text) => text.includes("\u0000"))).toEqual([]);
  });
});

describe("a list", () => {
  it("is an array as PostgreSQL writes it", () => {
    expect(numbers([1, undefined, 1.5, -Infinity])).toBe("{1,NULL,1.5,-Infinity}");
    expect(bytes([]).toString("hex")).toBe("000000000000000000000011");
    expect(texts(["ab", undefined]).toString("hex")).toBe(
      "0000000100000001000000190000000200000001000000026162ffffffff",
    );
  });
});

describe("a gate", () => {
  it("lets so many through at a time, in order, and the next when one has failed", async () => {
    const gate = new Gate(2);
    const begun: number[] = [];
    const ends = [1, 2, 3, 4].map((n) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const passed = gate.pass(() => {
        begun.push(n);
        return promise;
      });
      return { passed, resolve, reject };
    });
    expect(begun).toEqual([1, 2]);
    ends[0]!.reject(new Error("no"));
    await expect(ends[0]!.passed).rejects.toThrow("no");
    expect(begun).toEqual([1, 2, 3]);
    for (const { resolve } of ends.slice(1)) resolve();
    await Promise.all(ends.slice(1).map(({ passed }) => passed));
    expect(begun).toEqual([1, 2, 3, 4]);
  });
});

describe("rows known by heart", () => {
  it("are as many as the limit, and those that a tail goes on from besides", () => {
    const pinned = new Set([stream(1), stream(2)]);
    const rows = new KnownRows((name) => pinned.has(name));
    const row: StreamRow = { id: 1, seq: 1, crc: 1, position: 1, settled: true };
    for (let n = 1; n <= limits.knownStreams + 1; n++) rows.set(stream(n), row);
    expect(rows.get(stream(1))).toBe(row);
    expect(rows.get(stream(2))).toBe(row);
    expect(rows.get(stream(3))).toBeUndefined();
    expect(rows.get(stream(4))).toBe(row);
  });
});
