import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { table } from "./table.ts";
import { cut, green, render, wrap } from "./text.ts";
import { relative, span } from "./time.ts";

const columns = [
  { title: "NAME", flexible: true },
  { title: "N", align: "right" as const },
];

describe("a table", () => {
  it("aligns by the columns of a terminal, where 倉 has two and a family one emoji's", () => {
    const lines = table(
      columns,
      [
        ["倉庫", "1"],
        ["👩‍👩‍👧‍👦", "10"],
        ["ab", "100"],
      ],
      80,
    ).map((line) => render(line, false));
    expect(new Set(lines.map((line) => stringWidth(line)))).toEqual(new Set([9]));
  });

  it("cuts its flexible columns to the width, at a whole character", () => {
    const [, line = ""] = table(columns, [["倉庫".repeat(20), "7"]], 20);
    const text = render(line, false);
    expect(stringWidth(text)).toBeLessThanOrEqual(20);
    expect(text).toMatch(/…  +7$/);
  });
});

describe("text", () => {
  it("has colour only where it is asked for, and one sequence for neighbours of a style", () => {
    const line = [green("a"), green("b"), "c"];
    expect(render(line, false)).toBe("abc");
    expect(render(line, true)).toBe("\u001b[32mab\u001b[39mc");
  });

  it("that fits is not cut, and one that does not ends in an ellipsis", () => {
    expect(render(cut("abcd", 4), false)).toBe("abcd");
    expect(render(cut("abcde", 4), false)).toBe("abc…");
  });

  it("wraps between words, and cuts words that are longer than a line", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
  });
});

describe("time", () => {
  it.each([
    [12, "12 ms"],
    [1_234, "1.2 s"],
    [59_400, "59 s"],
    [90_000, "1 m 30 s"],
    [3_600_000, "1 h"],
    [260_000_000, "3 d"],
  ])("of %d ms is %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it("is told from now, both ways", () => {
    expect(relative(0, 180_000)).toBe("3 m ago");
    expect(relative(7_200_000, 0)).toBe("in 2 h");
    expect(relative(100, 0)).toBe("now");
  });
});
