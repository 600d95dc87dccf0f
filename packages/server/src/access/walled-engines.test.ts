import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { MemoryStore } from "@perdure/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WALLS_KEPT, walledEngines } from "./walled-engines.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({
    store: new MemoryStore(),
    env: systemEnv(),
    calendar: createCalendar(),
  });
});
afterAll(() => engine.close());

test("each caller has the engine within their own namespace and name, made once", async () => {
  const walled = walledEngines(engine);
  const ann = walled({ namespace: "a", by: "ann" });
  expect(walled({ namespace: "a", by: "ann" })).toBe(ann);
  expect(walled({ namespace: "a", by: "bob" })).not.toBe(ann);
  expect(walled({ namespace: "a" })).not.toBe(ann);
  expect(walled({ namespace: 'a","ann' })).not.toBe(ann);
  await expect(ann.count({ namespace: "b" })).rejects.toMatchObject({ code: "forbidden" });
  expect(await ann.count({ namespace: "a" })).toBe(0);
});

test("so many are kept, and the oldest is made again", () => {
  const walled = walledEngines(engine);
  const first = walled({ namespace: "a" });
  for (let n = 1; n < WALLS_KEPT; n++) walled({ namespace: "a", by: `${n}` });
  expect(walled({ namespace: "a" })).toBe(first);
  walled({ namespace: "a", by: "one more" });
  expect(walled({ namespace: "a" })).not.toBe(first);
});
