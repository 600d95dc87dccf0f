import { afterAll, expect, test } from "vitest";
import { ask, kill, killAll, start } from "./processes.ts";

afterAll(killAll);

const answering = new URL("answering.test-support.ts", import.meta.url);

test("a process may be asked for as long as it lives, and then is gone", async () => {
  const [child, ready] = await start<string>(answering, []);
  expect(ready).toBe("ready");
  const listening = (): number[] =>
    ["message", "exit", "error"].map((event) => child.listenerCount(event));
  const before = listening();
  for (let n = 0; n < 12; n++) expect(await ask<string>(child)).toBe("well");
  expect(listening()).toEqual(before);
  const answer = ask<string>(child);
  await kill(child);
  expect(["well", undefined]).toContain(await answer);
  expect(await ask<string>(child)).toBeUndefined();
});
