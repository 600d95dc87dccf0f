import { describe, expect, test } from "vitest";
import { limits } from "./limits.ts";
import { linearizability, type Operation } from "./linearizability.ts";
import { register, type RegisterInput, type RegisterOutput } from "./register.ts";

type Step = Operation<RegisterInput, RegisterOutput>;

const read = (calledAt: number, at: number, value: number): Step => ({
  input: { type: "read" },
  calledAt,
  answer: { at, output: value },
});
const write = (calledAt: number, at: number, value: number): Step => ({
  input: { type: "write", value },
  calledAt,
  answer: { at, output: null },
});
const swap = (calledAt: number, at: number, from: number, to: number, ok: boolean): Step => ({
  input: { type: "swap", from, to },
  calledAt,
  answer: { at, output: ok },
});
const doubtful = (calledAt: number, value: number): Step => ({
  input: { type: "write", value },
  calledAt,
});

const isFine = (...history: readonly Step[]): boolean =>
  linearizability(register, history).length === 0;

describe("a history of a register", () => {
  test("is fine when everything waited for everything", () => {
    expect(isFine(write(0, 1, 5), read(2, 3, 5), swap(4, 5, 5, 6, true), read(6, 7, 6))).toBe(true);
  });

  test("is fine when overlapping operations have some order", () => {
    expect(isFine(write(0, 10, 1), write(0, 10, 2), read(2, 4, 2), read(5, 9, 1))).toBe(true);
  });

  test("is not fine when a read is older than what was known before it", () => {
    expect(isFine(write(0, 1, 1), write(2, 3, 2), read(4, 5, 1))).toBe(false);
  });

  test("is not fine when two read a new value and then an old one", () => {
    expect(isFine(write(0, 1, 1), write(2, 20, 2), read(3, 4, 2), read(5, 6, 1))).toBe(false);
  });

  test("is not fine when two swaps from one value succeed", () => {
    const history = [write(0, 1, 1), swap(2, 9, 1, 2, true), swap(2, 9, 1, 3, true)];
    expect(isFine(...history)).toBe(false);
  });

  test("may have an effect that nobody was told of, early or late", () => {
    expect(isFine(write(0, 1, 1), doubtful(2, 7), read(3, 4, 7), read(5, 6, 7))).toBe(true);
    expect(isFine(write(0, 1, 1), doubtful(2, 7), read(3, 4, 1), read(50, 60, 7))).toBe(true);
    expect(isFine(write(0, 1, 1), doubtful(2, 7), read(3, 4, 1))).toBe(true);
  });

  test("has such an effect once at most, and never before it was asked for", () => {
    const twice = [doubtful(0, 7), read(1, 2, 7), write(3, 4, 1), read(5, 6, 1), read(7, 8, 7)];
    expect(isFine(...twice)).toBe(false);
    expect(isFine(read(0, 1, 7), doubtful(2, 7))).toBe(false);
  });

  test("with a planted violation is found out wherever it is", () => {
    const good = Array.from({ length: 20 }, (_, i) => [
      write(10 * i, 10 * i + 4, i),
      read(10 * i + 5, 10 * i + 9, i),
    ]).flat();
    expect(isFine(...good)).toBe(true);
    for (let i = 1; i < 20; i++) {
      const bent = good.with(2 * i + 1, read(10 * i + 5, 10 * i + 9, i - 1));
      expect(isFine(...bent)).toBe(false);
    }
  });

  test("says how far it went and what did not fit", () => {
    expect(linearizability(register, [write(0, 1, 1), read(2, 3, 9)])).toEqual([
      expect.stringMatching(/^1 of 2 .* state 1, .*\{"type":"read"\} → 9$/),
    ]);
  });

  test("may be as long as its limit, and no longer", () => {
    const lanes = Array.from({ length: limits.linearizableOperations - 1 }, (_, i) => {
      const turn = 10 * Math.floor(i / 4);
      return write(turn, turn + 9, i);
    });
    const last = read(1_000, 1_001, 97);
    expect(isFine(...lanes, last)).toBe(true);
    expect(() => isFine(...lanes, last, last)).toThrow(RangeError);
  });

  test("of which there are too many orders is given up, and not called fine", () => {
    const crowd = Array.from({ length: 24 }, (_, i) => write(0, 9, i));
    expect(() => isFine(...crowd, read(10, 11, 99))).toThrow("too many possible orders");
  });
});
