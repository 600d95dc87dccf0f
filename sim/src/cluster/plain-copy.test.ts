import { expect, test } from "vitest";
import { plainCopy } from "./plain-copy.ts";

test("what a node says arrives as a copy of its own", () => {
  const said = { word: "mail", body: { bytes: new Uint8Array([1, 2]), list: [{ n: 1 }, null] } };
  const heard = plainCopy(said);
  expect(heard).toEqual(said);
  said.body.bytes[0] = 9;
  said.body.list.pop();
  expect(heard.body).toEqual({ bytes: new Uint8Array([1, 2]), list: [{ n: 1 }, null] });
});

test("what no network carries is refused", () => {
  const others = [() => 1, Symbol("s"), new Map(), new Date(0), new Error("e"), /x/];
  for (const other of others) expect(() => plainCopy({ other })).toThrow(TypeError);
});
