/** Random programs, random messages, random deaths of workers: every journal replays. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { workflow, type Context, type Durability } from "../index.ts";
import { expectReplays } from "../testing/expect-replays.test-support.ts";
import { SingleRun } from "../testing/single-run.test-support.ts";

type Program =
  | {
      readonly do: "step";
      readonly turns: number;
      readonly failures: number;
      readonly undo: boolean;
    }
  | { readonly do: "ahead"; readonly turns: number; readonly durability: Durability }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "wait"; readonly name: string }
  | { readonly do: "stamp" }
  | { readonly do: "send" }
  | { readonly do: "all" | "race" | "line"; readonly parts: readonly Program[] };

const program = (hasAhead: boolean): fc.Arbitrary<Program> =>
  fc.record({
    do: fc.constantFrom("all" as const, "line" as const),
    parts: fc.array(piece(hasAhead), { minLength: 2, maxLength: 6 }),
  });

const piece = (hasAhead: boolean): fc.Arbitrary<Program> =>
  fc.letrec<{ program: Program }>((tie) => {
    const parts = fc.array(tie("program"), { minLength: 1, maxLength: 4 });
    const step = fc.record({
      do: fc.constant("step" as const),
      turns: fc.nat(4),
      failures: fc.constantFrom(0, 0, 0, 1, 2),
      undo: fc.boolean(),
    });
    const ahead = fc.record({
      do: fc.constant("ahead" as const),
      turns: fc.nat(4),
      durability: fc.constantFrom<Durability>("async", "exit"),
    });
    return {
      program: fc.oneof(
        { depthSize: "medium", withCrossShrink: true },
        step,
        hasAhead ? ahead : step,
        fc.record({ do: fc.constant("sleep" as const), ms: fc.integer({ min: 1, max: 50 }) }),
        fc.record({ do: fc.constant("wait" as const), name: fc.constantFrom("a", "b") }),
        fc.record({ do: fc.constantFrom("stamp" as const, "send" as const) }),
        fc.record({ do: fc.constantFrom("all" as const, "race" as const, "line" as const), parts }),
      ),
    };
  }).program;

type Act =
  | { readonly act: "signal"; readonly name: string }
  | { readonly act: "pass"; readonly ms: number }
  | { readonly act: "turn"; readonly rounds: number }
  | { readonly act: "kill" }
  | { readonly act: "cancel" };

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant("signal" as const), name: fc.constantFrom("a", "b", "note") }),
    fc.record({ act: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ act: fc.constant("turn" as const), rounds: fc.nat(6) }),
    fc.record({ act: fc.constantFrom("kill" as const, "kill" as const, "cancel" as const) }),
  ),
  { maxLength: 12 },
);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setImmediate(resolve));
}

async function execute(ctx: Context, it: Program, trace: string[]): Promise<unknown> {
  switch (it.do) {
    case "step":
      return ctx.step(
        "step",
        async ({ attempt, key }) => {
          await turns(it.turns);
          if (attempt <= it.failures) throw new Error("not yet");
          return key;
        },
        it.undo ? { undo: () => turns(1) } : {},
      );
    case "ahead": {
      const fn = (): unknown => (it.turns === 0 ? 1 : turns(it.turns));
      return ctx.step("ahead", fn, { durability: it.durability });
    }
    case "sleep":
      return ctx.sleep(it.ms);
    case "wait":
      return ctx.waitFor(it.name, { timeout: 40, onTimeout: "late" });
    case "stamp": {
      const stamp = [ctx.now(), ctx.random(), ctx.uuid()];
      return ctx.step("stamp", () => stamp);
    }
    case "send":
      ctx.publish("sent", { so: trace.length });
      return undefined;
    case "line":
      for (const part of it.parts)
        trace.push(`${part.do}:${String(await execute(ctx, part, trace))}`);
      return trace.length;
    case "all":
      return Promise.all(it.parts.map((part) => execute(ctx, part, trace)));
    case "race":
      return Promise.race(it.parts.map((part) => execute(ctx, part, trace)));
  }
}

function define(it: Program) {
  return workflow({ name: "w", retry: { initialMs: 5, factor: 1 } }, async (ctx) => {
    const trace: string[] = [];
    ctx.onSignal("note", async () => {
      trace.push(await ctx.shielded((inner) => inner.step("noted", () => "noted")));
    });
    await execute(ctx, it, trace);
    return trace;
  });
}

async function play(run: SingleRun, script: readonly Act[]): Promise<void> {
  run.activate();
  for (const act of script) {
    if (run.outcome) return;
    switch (act.act) {
      case "signal":
        await run.tell({ type: "run.signal", signal: { name: act.name } }, { rest: false });
        break;
      case "pass":
        await run.pass(act.ms);
        break;
      case "turn":
        await turns(act.rounds);
        break;
      case "kill":
        run.kill();
        run.activate(true);
        break;
      case "cancel":
        await run.tell({ type: "run.cancel" }, { rest: false });
    }
  }
  await run.rest();
  for (let i = 0; i < 40 && !run.outcome; i++) await run.pass(60);
}

async function check(it: Program, script: readonly Act[], runsAhead: boolean): Promise<void> {
  const definition = define(it);
  const run = new SingleRun(definition);
  await play(run, script);
  run.kill();
  const problems = run.logs.filter(({ level }) => level === "error");
  expect(problems.map(({ message }) => message)).toEqual([]);
  expect(run.outcome?.status).toMatch(/^(completed|cancelled)$/);
  await expectReplays(definition, run.journal, { runsAhead });
}

test("with every result on disk before it counts", async () => {
  await fc.assert(
    fc.asyncProperty(program(false), acts, (it, script) => check(it, script, false)),
    { numRuns: 400 },
  );
}, 60_000);

test("with results that run ahead of the disk", async () => {
  await fc.assert(
    fc.asyncProperty(program(true), acts, (it, script) => check(it, script, true)),
    { numRuns: 400 },
  );
}, 60_000);
