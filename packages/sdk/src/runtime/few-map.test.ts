import fc from "fast-check";
import { expect, test } from "vitest";
import { FewMap } from "./few-map.ts";

const key = fc.constantFrom("a", "b", "c");
const act = fc.oneof(
  fc.record({ type: fc.constant("set" as const), key, value: fc.record({ n: fc.nat(9) }) }),
  fc.record({ type: fc.constant("delete" as const), key }),
);

test("it is a Map, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const few = new FewMap<object>();
      const map = new Map<string, object>();
      for (const one of acts) {
        if (one.type === "delete") {
          few.delete(one.key);
          map.delete(one.key);
        } else {
          few.set(one.key, one.value);
          map.set(one.key, one.value);
        }
        expect(few.values()).toEqual([...map.values()]);
        expect(few.isEmpty).toBe(map.size === 0);
        for (const name of ["a", "b", "c"]) expect(few.get(name)).toBe(map.get(name));
      }
    }),
  );
});
