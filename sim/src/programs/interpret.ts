/**
 * The workflow that runs programs: written once against the public `ctx`, so that the simulator
 * exercises the SDK that users have.
 */
import { CancelledError, FailureError, type Context, type StepContext } from "perdure";
import { errandKey } from "./place.ts";
import type { Node, Program, StepNode, TaskNode } from "./program.ts";
import {
  begun,
  counterOf,
  failure,
  type Definitions,
  type ProgramResult,
  type Surroundings,
} from "./surroundings.ts";

const retry = { initialMs: 20, factor: 2, maxIntervalMs: 400 } as const;

export class Interpreter {
  readonly #world: Surroundings;
  readonly #definitions: () => Definitions;

  constructor(world: Surroundings, definitions: () => Definitions) {
    this.#world = world;
    this.#definitions = definitions;
  }

  async run(ctx: Context, program: Program): Promise<ProgramResult> {
    const bumps: string[] = [];
    ctx.onQuery("bumps", () => bumps.length);
    ctx.onUpdate(
      "bump",
      (input) => {
        bumps.push(String(input));
        return bumps.length;
      },
      { validate: refuseOdd },
    );
    const value = await this.#evaluate(ctx, program, program.body);
    if (program.next !== undefined) await ctx.continueAsNew(program.next);
    return { id: program.id, value, bumps };
  }

  #evaluate(ctx: Context, program: Program, node: Node): Promise<unknown> {
    switch (node.type) {
      case "step":
        return this.#step(ctx, program, node);
      case "task":
        return this.#task(ctx, program, node);
      case "call":
      case "send":
      case "add":
      case "peek":
      case "tell":
      case "publish":
      case "join":
      case "hush":
        return this.#talk(ctx, program, node);
      case "seq":
      case "all":
      case "race":
      case "attempt":
      case "shielded":
      case "cancellable":
        return this.#branch(ctx, program, node);
      default:
        return wait(ctx, node);
    }
  }

  #step(ctx: Context, program: Program, node: StepNode): Promise<unknown> {
    const { op, failures, maxAttempts, onExhausted, workMs, undo, durability } = node;
    const output = `${program.id}:${op}`;
    return ctx.step(
      `s${op}`,
      async (step) => {
        const act = begun(this.#world, step, ctx.info.runId);
        if (workMs > 0) await this.#world.process.sleep(workMs);
        if (step.attempt <= failures) throw failure(op);
        act(`step ${output}`, output);
        if (workMs > 0) await this.#world.process.sleep(workMs / 2);
        return output;
      },
      {
        retry: { ...retry, maxAttempts, onExhausted },
        durability,
        ...(undo ? { undo: this.#undo(ctx, output) } : {}),
      },
    );
  }

  #task(ctx: Context, program: Program, node: TaskNode): Promise<unknown> {
    const { scheduleToStart, startToClose, scheduleToClose, heartbeat, maxAttempts, undo } = node;
    const input = { program: program.id, node, runId: ctx.info.runId };
    return ctx.run(this.#definitions().work, input, {
      retry: { ...retry, maxAttempts },
      ...(scheduleToStart === undefined ? {} : { scheduleToStart }),
      ...(startToClose === undefined ? {} : { startToClose }),
      ...(scheduleToClose === undefined ? {} : { scheduleToClose }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      ...(undo ? { undo: this.#undo(ctx, `${program.id}:${node.op}`) } : {}),
    });
  }

  #undo(ctx: Context, output: string) {
    return (_result: unknown, step: StepContext): void => {
      begun(this.#world, step, ctx.info.runId)(`undo ${output}`, output);
    };
  }

  async #talk(
    ctx: Context,
    program: Program,
    node: Extract<
      Node,
      { type: "call" | "send" | "add" | "peek" | "tell" | "publish" | "join" | "hush" }
    >,
  ): Promise<unknown> {
    const { main, tick, counter } = this.#definitions();
    switch (node.type) {
      case "call": {
        const { onParentClose, key } = node;
        const options = { onParentClose, ...(key === undefined ? {} : { id: key }) };
        return ctx.call(main, node.program, options);
      }
      case "send":
        if (node.delayMs === 0) ctx.send(main, node.program);
        else ctx.sendLater(node.delayMs, main, node.program);
        return "sent";
      case "add": {
        const op = `${ctx.info.runId}:${program.id}:${node.op}`;
        const object = ctx.object(counter, counterOf(node.counter));
        if (!node.sendOnly) return object.add(op);
        object.send.add(op);
        return "sent";
      }
      case "peek":
        return ctx.object(counter, counterOf(node.counter)).peek();
      case "tell":
        ctx.signal({ id: node.key }, node.signal, `${program.id}:${node.op}`);
        return "told";
      case "publish": {
        const { event, color, op } = node;
        ctx.publish(event, { color, from: `${program.id}:${op}` }, { data: { color } });
        return "published";
      }
      case "join": {
        const { mode, conflict } = node;
        return ctx.call(tick, { ms: 300 }, { id: errandKey(mode), conflict });
      }
      case "hush":
        ctx.cancel({ id: errandKey(node.mode) }, "the program says so");
        return "hushed";
    }
  }

  async #branch(
    ctx: Context,
    program: Program,
    node: Extract<Node, { type: "seq" | "all" | "race" | "attempt" | "shielded" | "cancellable" }>,
  ): Promise<unknown> {
    const evaluate = (inner: Node, within = ctx) => this.#evaluate(within, program, inner);
    switch (node.type) {
      case "seq": {
        const values: unknown[] = [];
        for (const inner of node.nodes) values.push(await evaluate(inner));
        return values;
      }
      case "all":
        return Promise.all(node.nodes.map((inner) => evaluate(inner)));
      case "race":
        return Promise.race(node.nodes.map(async (inner, i) => [i, await evaluate(inner)]));
      case "attempt":
        return evaluate(node.node).then((value) => ["done", value], caught);
      case "shielded":
        return ctx.shielded((inner) => evaluate(node.node, inner));
      case "cancellable": {
        const scope = ctx.cancellable((inner) => evaluate(node.node, inner));
        void ctx.sleep(node.afterMs).then(
          () => scope.cancel(),
          () => undefined,
        );
        return scope.result.then((value) => ["done", value], caught);
      }
    }
  }
}

type Waiting = Extract<
  Node,
  { type: "sleep" | "wait" | "promise" | "event" | "record" | "version" | "show" | "fail" }
>;

async function wait(ctx: Context, node: Waiting): Promise<unknown> {
  switch (node.type) {
    case "sleep":
      await ctx.sleep(node.ms);
      return "slept";
    case "wait": {
      const { signal, timeoutMs } = node;
      if (timeoutMs === undefined) return ctx.waitFor(signal);
      return ctx.waitFor(signal, { timeout: timeoutMs, onTimeout: "timeout" });
    }
    case "promise":
      return ctx.promise(node.name).result;
    case "event": {
      const { event, color, timeoutMs, lookBackMs } = node;
      return ctx.waitForEvent(event, {
        match: { color },
        timeout: timeoutMs,
        onTimeout: "timeout",
        ...(lookBackMs === undefined ? {} : { lookBack: lookBackMs }),
      });
    }
    case "record":
      return [ctx.now(), ctx.random(), ctx.uuid()];
    case "version":
      return ctx.version(node.change, 0, 1);
    case "show":
      ctx.progress(node.fraction, "on its way");
      ctx.attributes({ fraction: node.fraction });
      return "shown";
    case "fail":
      throw new FailureError({ code: node.code, message: "the program gives up" });
  }
}

/** What was caught, as data; a cancelled run still ends as cancelled at its next call. */
function caught(error: unknown): readonly unknown[] {
  if (error instanceof CancelledError) return ["cancelled"];
  if (error instanceof Error && "code" in error) return ["failed", String(error.code)];
  throw error;
}

function refuseOdd(input: unknown): void {
  if (String(input).endsWith("!")) throw new Error("this one is not wanted");
}
