import { expect, it } from "vitest";
import { AttemptSlots } from "./attempt-slots.ts";

it("gives slots at once up to its count, and the rest in turn (L1, L2)", () => {
  let crowded = 0;
  const slots = new AttemptSlots(2, () => (crowded += 1));
  const entered: string[] = [];
  const take = (name: string) => slots.take(() => entered.push(name));
  const [a, b] = [take("a"), take("b")];
  expect(crowded).toBe(0);
  const c = take("c");
  const d = take("d");
  expect([entered.join(""), crowded, slots.waiting]).toEqual(["ab", 2, 2]);
  c.free();
  a.free();
  a.free();
  expect(entered.join("")).toBe("abd");
  b.free();
  d.free();
  c.free();
  expect(slots.waiting).toBe(0);
  take("e");
  take("f");
  take("g");
  expect(entered.join("")).toBe("abdef");
});
