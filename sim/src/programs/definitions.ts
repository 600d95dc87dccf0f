/** What the simulated workers have code for. */
import { handler, object, shared, task, workflow, type Workflow } from "perdure";
import type { Handler, ObjectDefinition, Task } from "perdure";
import type { Process } from "../world/process.ts";
import { failure, Interpreter, type ProgramResult } from "./interpret.ts";
import type { Program, TaskNode } from "./program.ts";

/** Where code runs: in a process, with the outside world within reach. */
export interface Surroundings {
  readonly process: Process;
  /** An attempt begins; the result does something to the outside, under the attempt's key. */
  begin(work: BegunWork): (what: string, output: string) => void;
}

export interface BegunWork {
  /** The idempotency key. */
  readonly key: string;
  readonly runId: string;
  readonly attempt: number;
  readonly maybeRan: boolean;
  readonly isTask: boolean;
}

export interface WorkInput {
  readonly program: string;
  readonly node: TaskNode;
  readonly runId: string;
}

export interface CounterHandlers {
  readonly [name: string]: Handler;
  readonly add: Handler<string, readonly string[]>;
  readonly peek: Handler<void, readonly string[]>;
}

export interface Definitions {
  readonly main: Workflow<Program, ProgramResult>;
  readonly tick: Workflow<unknown, string>;
  readonly work: Task<WorkInput, string>;
  readonly counter: ObjectDefinition<CounterHandlers>;
}

export const counterOf = (name: string): string => `counter-${name}`;

export function define(world: Surroundings): Definitions {
  const interpreter = new Interpreter(world, () => definitions);
  const definitions: Definitions = {
    main: workflow({ name: "main" }, (ctx, program: Program) =>
      interpreter.run(ctx, program),
    ) as Definitions["main"],
    tick: workflow({ name: "tick" }, async (ctx, _input: unknown) => {
      await ctx.sleep(300);
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
        return before;
      }),
      peek: shared(async (ctx) => (await ctx.state.get<string[]>("entries")) ?? []),
    },
  }) as unknown as Definitions["counter"];
}

/** What an attempt of a step or a task says of itself. */
interface Attempt {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly maybeRan: boolean;
}

export function begun(
  world: Surroundings,
  { idempotencyKey: key, attempt, maybeRan }: Attempt,
  runId: string,
  isTask = false,
): (what: string, output: string) => void {
  return world.begin({ key, runId, attempt, maybeRan, isTask });
}
