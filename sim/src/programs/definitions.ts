/** What the simulated workers have code for. */
import { FailureError, handler, object, shared, task, workflow } from "perdure";
import { Interpreter } from "./interpret.ts";
import type { Program } from "./program.ts";
import {
  begun,
  failure,
  type Definitions,
  type Surroundings,
  type TickInput,
  type WorkInput,
} from "./surroundings.ts";

export function define(world: Surroundings): Definitions {
  const interpreter = new Interpreter(world, () => definitions);
  const definitions: Definitions = {
    main: workflow({ name: "main" }, (ctx, program: Program) => interpreter.run(ctx, program)),
    tick: workflow({ name: "tick" }, async (ctx, input: unknown) => {
      const { ms = 300, fails = false } = (input ?? {}) as TickInput;
      await ctx.sleep(ms);
      if (fails) throw new FailureError({ code: "errand-failed", message: "as planned" });
      return ctx.step("tick", (step) => {
        begun(world, step, ctx.info.runId)("tick", "tick");
        return "tick";
      });
    }),
    work: task({ name: "work" }, async (input: WorkInput, attempt) => {
      const { op, beats, failures, workMs } = input.node;
      const act = begun(world, attempt, input.runId, true);
      for (let beat = 1; beat <= beats; beat++) {
        await world.process.sleep(workMs / (beats + 1));
        attempt.heartbeat(beat);
      }
      await world.process.sleep(workMs / (beats + 1));
      if (attempt.attempt <= failures) throw failure(op);
      const output = `${input.program}:${op}`;
      act(`task ${output}`, output);
      return output;
    }),
    counter: counterWith(world),
  };
  return definitions;
}

/** A list that only grows: what a reader sees must be a prefix of what there is in the end. */
function counterWith(world: Surroundings): Definitions["counter"] {
  return object({
    name: "counter",
    handlers: {
      add: handler(async (ctx, op: string) => {
        const before = (await ctx.state.get<string[]>("entries")) ?? [];
        await ctx.step("book", async (step) => {
          const act = begun(world, step, ctx.info.runId);
          await world.process.sleep(2);
          act(`book ${op}`, op);
        });
        ctx.state.set("entries", [...before, op]);
        ctx.state.set("newest", op);
        if (before.length % 2 === 1) ctx.state.clear("newest");
        return before;
      }),
      peek: shared(async (ctx) => (await ctx.state.get<string[]>("entries")) ?? []),
    },
  });
}
