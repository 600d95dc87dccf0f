/** Deployments without an engine: state in memory, and endpoints that say what a test wants. */
import type { Env, KeyedStateVerbs } from "@perdure/engine";
import { keyStream, type Payload } from "@perdure/kernel";
import type { Discovered } from "../driver/discover.ts";
import type { RegistryParts } from "./registry.ts";

export class MemoryKeyedState implements KeyedStateVerbs {
  readonly #keys = new Map<string, ReadonlyMap<string, Payload>>();

  async entries(key: Parameters<KeyedStateVerbs["entries"]>[0]) {
    return this.#keys.get(keyStream(key)) ?? new Map<string, Payload>();
  }

  async write(...[key, name, value]: Parameters<KeyedStateVerbs["write"]>) {
    this.#keys.set(keyStream(key), new Map([...(await this.entries(key)), [name, value]]));
  }

  async clear(...[key, name]: Parameters<KeyedStateVerbs["clear"]>) {
    const entries = new Map(name === undefined ? [] : await this.entries(key));
    if (name !== undefined) entries.delete(name);
    this.#keys.set(keyStream(key), entries);
  }
}

export interface FakeWorld extends RegistryParts {
  readonly endpoints: Map<string, Discovered>;
  readonly asked: { readonly uri: string; readonly headers: Readonly<Record<string, string>> }[];
  /** Calls what waits for time to pass. */
  readonly pass: () => Promise<void>;
}

export function fakeWorld(keyedState: KeyedStateVerbs = new MemoryKeyedState()): FakeWorld {
  const endpoints = new Map<string, Discovered>();
  const asked: FakeWorld["asked"] = [];
  const timers = new Set<() => void>();
  let now = 1_800_000_000_000;
  let draw = 1;
  const env: Env = {
    now: () => ++now,
    monotonic: () => now,
    random: () => (draw = (draw * 48_271) % 2_147_483_647) / 2_147_483_647,
    after: (_, call) => {
      timers.add(call);
      return () => timers.delete(call);
    },
    defer: (call) => void setImmediate(call),
    log: () => undefined,
  };
  return {
    keyedState,
    env,
    endpoints,
    asked,
    discover: async ({ uri, headers = {} }) => {
      asked.push({ uri, headers });
      const found = endpoints.get(uri);
      if (found === undefined) throw new Error(`nobody is at ${uri}`);
      return found;
    },
    pass: async () => {
      const due = [...timers];
      timers.clear();
      for (const call of due) call();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

type Words = Readonly<Record<string, unknown>>;

export function greeter(more: Words = {}, ...handlers: readonly Words[]): Discovered {
  const all = [{ name: "greet" }, ...handlers];
  return endpoint({ name: "Greeter", ty: "SERVICE", handlers: all, ...more });
}

export function endpoint(...services: readonly Words[]): Discovered {
  const manifest = {
    protocolMode: "BIDI_STREAM",
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services,
  };
  return { manifest, protocolMode: "BIDI_STREAM", sdkVersion: "restate-sdk-test/1.0.0" };
}
