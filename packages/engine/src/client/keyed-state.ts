/**
 * The state under a key, read and written from outside of its runs: for what a host keeps beside
 * them, such as a server's access keys. It has the durability of everything else.
 */
import { keyStream, type KeyRef, type KeyState, type Payload } from "@perdure/kernel";
import { checkKey, checkName, checkPayload } from "./checks.ts";
import type { Desk } from "./desk.ts";

export interface KeyedStateVerbs {
  /** All entries by name, as far as they are durable. The map is not to be changed. */
  entries(key: KeyRef): Promise<ReadonlyMap<string, Payload>>;
  /** Resolves when it is on disk; `limit-exceeded` past `limits.keyStateEntries` names. */
  write(key: KeyRef, name: string, value: Payload): Promise<void>;
  /** One name, or all. */
  clear(key: KeyRef, name?: string): Promise<void>;
}

export function keyedStateVerbs(desk: Desk): KeyedStateVerbs {
  return {
    async entries(key) {
      desk.checkOpen();
      checkKey(key);
      const live = await desk.loader.get(keyStream(key));
      const { entries, writtenSeq } = live.state as KeyState;
      // A key is busy with starts and ends most of the time; what it holds is on disk all the same.
      if (live.durable < writtenSeq) await desk.pump.barrier(live.home);
      return entries;
    },

    async write(key, name, value) {
      desk.checkOpen();
      checkKey(key);
      checkName("the entry's name", name);
      checkPayload("the entry's value", value);
      await desk.mail.ask(keyStream(key), (request) => {
        return { type: "key.write", name, value, request };
      });
    },

    async clear(key, name) {
      desk.checkOpen();
      checkKey(key);
      const one = name === undefined ? {} : { name };
      await desk.mail.ask(keyStream(key), (request) => ({ type: "key.clear", request, ...one }));
    },
  };
}
