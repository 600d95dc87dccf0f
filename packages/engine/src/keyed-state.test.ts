import { limits, type KeyRef, type Payload } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { afterEach, describe, expect, it } from "vitest";
import { createCalendar, Engine, systemEnv } from "./index.ts";

const key: KeyRef = { namespace: "$perdure", kind: "server", id: "api-keys" };
const value = (text: string): Payload => ({
  encoding: "json",
  data: new TextEncoder().encode(JSON.stringify(text)),
});
const textOf = (payload: Payload | undefined): unknown =>
  payload && JSON.parse(new TextDecoder().decode(payload.data));

describe("the state under a key, from outside of its runs", () => {
  const open: Engine[] = [];
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close();
  });

  async function engineOn(store: MemoryStore): Promise<Engine> {
    const engine = await Engine.open({ store, env: systemEnv(), calendar: createCalendar() });
    open.push(engine);
    return engine;
  }

  it("is there for the engine after this one", async () => {
    const store = new MemoryStore();
    const first = await engineOn(store);
    await first.keyedState.write(key, "a", value("one"));
    await first.keyedState.write(key, "b", value("two"));
    await first.keyedState.write(key, "a", value("three"));
    await first.keyedState.clear(key, "b");
    await first.keyedState.clear(key, "never there");
    // Not closed: what was answered is on disk.
    const second = await engineOn(store);
    const entries = await second.keyedState.entries(key);
    expect([...entries].map(([name, entry]) => [name, textOf(entry)])).toEqual([["a", "three"]]);
  });

  it("takes as many names as the limit says, and not one more", async () => {
    const { keyedState } = await engineOn(new MemoryStore());
    const names = Array.from({ length: limits.keyStateEntries }, (_, n) => `n-${n}`);
    await Promise.all(names.map((name) => keyedState.write(key, name, value(name))));
    await expect(keyedState.write(key, "one more", value("x"))).rejects.toMatchObject({
      code: "limit-exceeded",
    });
    await keyedState.write(key, "n-7", value("again"));
    await keyedState.clear(key, "n-0");
    await keyedState.write(key, "one more", value("x"));
    expect((await keyedState.entries(key)).size).toBe(limits.keyStateEntries);
  });

  it("refuses names and values past their limits", async () => {
    const { keyedState } = await engineOn(new MemoryStore());
    await expect(keyedState.write(key, "", value("x"))).rejects.toMatchObject({
      code: "invalid-argument",
    });
    const data = new Uint8Array(limits.payloadBytes + 1);
    await expect(keyedState.write(key, "n", { encoding: "x", data })).rejects.toMatchObject({
      code: "limit-exceeded",
    });
  });
});
