import { expect, test } from "vitest";
import { placeIn } from "./place.ts";

test.each([
  ["Object.run (file:///home/ada/shop/order.ts:7:28)", "shop/order.ts:7:28"],
  ["async Object.run (/home/ada/shop/order.ts:7:28)", "shop/order.ts:7:28"],
  ["async file:///home/ada/a%20shop/order.ts:7:28", "a shop/order.ts:7:28"],
  ["/srv/order.ts:7:28", "/srv/order.ts:7:28"],
  ["eval at run", "eval at run"],
])("the frame %s is %s to a person", (frame, place) => {
  expect(placeIn(frame, "/home/ada")).toBe(place);
});
