import { open, type ObjectDefinition, type Perdure } from "perdure";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Random } from "../fuzz/random.ts";
import { Caller } from "./caller.ts";
import { code } from "./definitions.ts";
import { Leases } from "./leases.ts";
import { Lists } from "./lists.ts";
import { Notes } from "./notes.ts";
import { Registers } from "./registers.ts";
import type { Workload } from "./workload.ts";

let perdure: Perdure;
let caller: Caller;
beforeEach(async () => {
  perdure = await open({ store: "memory:", ...code });
  caller = new Caller([perdure], new Random(3));
});
afterEach(() => perdure.close());

/** Three clients, until there is enough to judge. */
async function judged(workload: Workload, size = 60): Promise<readonly string[]> {
  const isOver = (): boolean => workload.size() >= size;
  await Promise.all([1, 2, 3].map(() => workload.lane(caller, isOver)));
  return workload.judge(caller);
}

describe("on an engine that keeps its word", () => {
  for (const workload of [new Registers(), new Lists(), new Leases(), new Notes()]) {
    test(`${workload.name} are as they must be`, async () => {
      expect(await judged(workload)).toEqual([]);
      expect(caller.unanswered).toBe(0);
    });
  }
});

type Calls = Record<string, (...input: readonly unknown[]) => Promise<unknown>>;

/** The same but for calls of one handler. */
function bent(handler: string, bending: (real: Calls[string]) => Calls[string]): Perdure {
  return new Proxy(perdure, {
    get: (target, name) => {
      if (name !== "object") return bound(target, name);
      return (definition: ObjectDefinition, key: string) => {
        const calls = target.object(definition, key) as unknown as Calls;
        const bend = bending(calls[handler]!);
        return new Proxy(calls, {
          get: (real, each) => (each === handler ? bend : real[String(each)]),
        });
      };
    },
  });
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === "function" ? (value.bind(target) as unknown) : value;
}

describe("on an engine that does not", () => {
  test("a register is found out when it answers from its past", async () => {
    let past: unknown;
    const stale = bent("apply", (real) => async (...input) => {
      const answer = await real(...input);
      return typeof answer === "number" ? (past ??= answer) : answer;
    });
    caller = new Caller([perdure, stale], new Random(3));
    expect(await judged(new Registers())).toContainEqual(
      expect.stringContaining("none of these fits"),
    );
  });

  test("a list is found out when it loses what it has acknowledged, or doubles it", async () => {
    let calls = 0;
    const lossy = bent(
      "append",
      (real) =>
        async (...input) =>
          ++calls === 9 ? 9 : real(...input),
    );
    caller = new Caller([lossy], new Random(3));
    expect(await judged(new Lists())).toContainEqual(expect.stringContaining("lost: e9"));
    const doubling = bent("append", (real) => async (...input) => {
      await real(...input);
      return real(...input);
    });
    caller = new Caller([doubling], new Random(4));
    expect(await judged(new Lists())).toContainEqual(expect.stringContaining("doubled: e"));
  });

  test("a lease is found out when two have it at a time", async () => {
    const generous = bent(
      "acquire",
      (real) =>
        async (...input) =>
          (await real(...input)) ?? 1,
    );
    caller = new Caller([generous], new Random(3));
    expect(await judged(new Leases())).toContainEqual(expect.stringContaining("granted twice"));
  });

  test("notes are found out when nobody looks at their ids", async () => {
    const forgetful = new Proxy(perdure, {
      get: (target, name) =>
        name === "signal"
          ? (...[whom, what, payload]: Parameters<Perdure["signal"]>) =>
              target.signal(whom, what, payload)
          : bound(target, name),
    });
    caller = new Caller([forgetful], new Random(3));
    expect(await judged(new Notes())).toContainEqual(expect.stringContaining("doubled: sender"));
  });
});
