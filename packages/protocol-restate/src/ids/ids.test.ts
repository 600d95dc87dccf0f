import fc from "fast-check";
import { PerdureError, runId, slotOfKey, slotOfRun, SLOTS, type RunId } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { awakeableId, parseAwakeableId } from "./awakeable-id.ts";
import { base62, fromBase62 } from "./base62.ts";
import { idempotentRunId } from "./idempotent-run.ts";
import {
  invocationId,
  invocationIdBytes,
  isInvocationId,
  parseInvocationId,
  runIdOfBytes,
} from "./invocation-id.ts";

const hexDigits = fc.string({
  unit: fc.constantFrom(...Array.from("0123456789abcdef")),
  minLength: 16,
  maxLength: 16,
});
const anyRun: fc.Arbitrary<RunId> = fc
  .tuple(fc.nat(2 ** 47), fc.nat(SLOTS - 1), hexDigits)
  .map(([at, slot, random]) => runId(at, slot, random));

const refused = (parse: () => unknown) => {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(PerdureError);
    expect(error instanceof PerdureError && error.code).toBe("invalid-argument");
    return true;
  }
  return false;
};

describe("invocation ids", () => {
  test("every run has one of 38 characters, and it leads back", () => {
    fc.assert(
      fc.property(anyRun, (id) => {
        const text = invocationId(id);
        expect(text).toMatch(/^inv_1[0-9A-Za-z]{33}$/);
        expect(parseInvocationId(text)).toBe(id);
        expect(runIdOfBytes(invocationIdBytes(id))).toBe(id);
      }),
    );
  });

  test("a bent one is refused, whichever letter it is", () => {
    fc.assert(
      fc.property(
        anyRun,
        fc.nat(37),
        fc.constantFrom("0", "a", "Z", "_", "é", " "),
        (id, at, letter) => {
          const text = invocationId(id);
          const bent = text.slice(0, at) + letter + text.slice(at + 1);
          // One id has one text.
          const isOne = isInvocationId(bent) && invocationId(parseInvocationId(bent)) === bent;
          expect(isOne || refused(() => parseInvocationId(bent))).toBe(true);
        },
      ),
    );
  });

  test.each(["", "inv_1", "inv_", "sign_1abc", `inv_1${"z".repeat(33)}`, "x".repeat(5_000)])(
    "%s is none",
    (text) => expect(refused(() => parseInvocationId(text))).toBe(true),
  );

  test("the slot must be the run's", () => {
    const id = runId(1_000, 5, "0123456789abcdef");
    const other = invocationId(runId(1_000, 6, "0123456789abcdef"));
    const mixed = other.slice(0, 16) + invocationId(id).slice(16);
    expect(refused(() => parseInvocationId(mixed))).toBe(true);
  });
});

describe("awakeable ids", () => {
  test("name the invocation and the signal, and lead back", () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 17, max: 2 ** 32 - 1 }), (id, index) => {
        const text = awakeableId({ runId: id, index });
        expect(text).toMatch(/^sign_1[\w-]{38}$/);
        expect(parseAwakeableId(text)).toStrictEqual({ runId: id, index });
      }),
    );
  });

  const id = runId(1_000, 5, "0123456789abcdef");
  test.each([
    "",
    "sign_1",
    "prom_1abc",
    awakeableId({ runId: id, index: 16 }),
    `${awakeableId({ runId: id, index: 17 })}A`,
    awakeableId({ runId: id, index: 17 }).slice(0, -1),
    awakeableId({ runId: id, index: 17 }).replace("sign_1", "sign_1*"),
    `sign_1${"A".repeat(38)}`,
  ])("%s is none", (text) => expect(refused(() => parseAwakeableId(text))).toBe(true));
});

describe("base 62", () => {
  test("keeps its width, and refuses what is too large", () => {
    expect(base62(0n, 11)).toBe("0".repeat(11));
    expect(fromBase62(base62(2n ** 64n - 1n, 11), 64)).toBe(2n ** 64n - 1n);
    expect(fromBase62(base62(2n ** 64n, 11), 64)).toBeUndefined();
    expect(fromBase62("a-b", 64)).toBeUndefined();
  });
});

describe("idempotent calls", () => {
  const call = { namespace: "n", service: "S", handler: "h", idempotencyKey: "i" };
  const key = { namespace: "n", kind: "object:S", id: "k" };

  test("name their run, the same for everybody who asks", () => {
    expect(idempotentRunId(call)).toBe(idempotentRunId({ ...call }));
    const others = [
      { ...call, namespace: "m" },
      { ...call, service: "S2" },
      { ...call, handler: "h2" },
      { ...call, idempotencyKey: "j" },
      { ...call, key },
      { ...call, key: { ...key, id: "" } },
      // What is written in one part is not what is written in two.
      { ...call, service: 'S","h', handler: "" },
    ].map(idempotentRunId);
    expect(new Set([idempotentRunId(call), ...others]).size).toBe(others.length + 1);
  });

  test("live where their key lives", () => {
    expect(slotOfRun(idempotentRunId({ ...call, key }))).toBe(slotOfKey(key));
  });
});
