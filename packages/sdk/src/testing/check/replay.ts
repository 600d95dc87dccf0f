/**
 * Replays one journal against code, and nothing happens: no step function runs, no message leaves,
 * no time passes.
 *
 * R1  The code gets the events as a worker would give them, a turn at a time; what it asks past the
 *     journal is noted and never answered.
 * R2  Pauses and the closing event are left out: what is checked is the code, not whether the run
 *     may go on. So code that ends where the run had ended says so by itself.
 * R3  A replay ends: every turn applies an event, and asking without end is stopped. Only code
 *     that never gives the thread back cannot be stopped from inside of its own thread.
 */
import type { Env } from "@perdure/engine";
import { isClosing, type Command, type Failure, type RunEvent } from "@perdure/kernel";
import type { WorkflowCode } from "../../define/workflow.ts";
import { Fiber } from "../../runtime/fiber.ts";
import { stackHere, type Ask, type Divergence } from "../../runtime/mismatch.ts";
import type { World } from "../../runtime/world.ts";
import { testingLimits } from "../limits.ts";
import { placeOf } from "../report/place.ts";
import { foldJournal, type Journal } from "./journal.ts";

export interface Asked extends Ask {
  readonly ordinal: number;
  readonly at: string | undefined;
}

export interface Replay {
  /** The fiber gave up. */
  readonly halt:
    | { readonly failure: Failure; readonly divergence: Divergence | undefined }
    | undefined;
  /** The call that was asked last of all. */
  readonly last: Asked | undefined;
  /** The last one before that. */
  readonly before: Asked | undefined;
  /** The first one that the journal does not know. */
  readonly past: Asked | undefined;
  /** How the code ended, if it did. */
  readonly end: Command | undefined;
  /** The last event that the code had seen when it gave up. */
  readonly applied: number;
  /** Operations on which code and journal agree. */
  readonly agreed: number;
}

interface Call {
  readonly ask: Ask;
  readonly ordinal: number;
  readonly stack: Error;
}

const never = (): Promise<never> => new Promise<never>(() => undefined);
const nothing = (): void => undefined;

/** `through`: of the journal's state; a journal that was edited is none that can be folded. */
export async function replay(
  code: WorkflowCode,
  journal: Journal,
  through: number = foldJournal(journal).through,
): Promise<Replay> {
  const events = journal.events.filter(({ kind }) => kind !== "run.paused" && !isClosing(kind));
  let halt: Replay["halt"];
  let last: Call | undefined;
  let before: Call | undefined;
  let past: Call | undefined;
  let end: Command | undefined;
  let isWoken = false;
  let applied = 0;
  const world: World = {
    env: standstill(journal.events),
    log: nothing,
    tracer: undefined,
    enter: (_fiber, run) => run(),
    leave: (run) => run(),
    wake: () => {
      isWoken = true;
    },
    answer: (_fiber, { commands }) => {
      end = commands.find(({ type }) => endings.has(type)) ?? end;
    },
    stepFor: () => never,
    observer: {
      asked: (fiber, ordinal, ask) => {
        before = last;
        last = { ask, ordinal, stack: stackHere() };
        if (ordinal > fiber.history.highest) past ??= last;
        if (ordinal > fiber.history.highest + testingLimits.asksPastJournal) {
          throw fiber.halt(endless(ordinal));
        }
      },
      halted: (fiber, failure, divergence) => {
        applied = fiber.applied;
        halt = { failure, divergence };
      },
    },
  };
  const { spec } = journal;
  const activation = { runId: spec.runId, lease: 0, spec, events, through, lostAt: 0 };
  const fiber = new Fiber(activation, code, world);
  do {
    isWoken = false;
    fiber.advance();
    await macrotask();
  } while (fiber.settle() || (isWoken && !fiber.isOver));
  const agreed = halt ? fiber.asked - (halt.divergence?.type === "unasked" ? 0 : 1) : fiber.asked;
  fiber.drop();
  return {
    halt,
    last: shown(last),
    before: shown(before),
    past: shown(past),
    end,
    applied,
    agreed,
  };
}

const endings = new Set<Command["type"]>([
  "run.complete",
  "run.fail",
  "run.cancel",
  "run.continue",
]);

function shown(call: Call | undefined): Asked | undefined {
  return call && { ...call.ask, ordinal: call.ordinal, at: placeOf(call.stack) };
}

/** The time is that of the last event, and no timer ever rings. */
function standstill(events: readonly RunEvent[]): Env {
  const now = events.at(-1)?.at ?? 0;
  return {
    now: () => now,
    monotonic: () => now,
    random: () => 0.5,
    after: () => nothing,
    defer: (call) => void setImmediate(call),
    log: nothing,
  };
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function endless(ordinal: number): Failure {
  const message = `the code asks without end: operation ${ordinal} is asked for and nothing has happened meanwhile`;
  return { code: "endless", message };
}
