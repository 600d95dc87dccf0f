/** What the code of a worker knows of where it runs, and what it is made of. */
import type { Handler, ObjectDefinition, Task, Workflow } from "perdure";
import type { Process } from "../world/process.ts";
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

/** What a program ends with. */
export interface ProgramResult {
  readonly id: string;
  readonly value: unknown;
  /** Updates that were taken, in order. */
  readonly bumps: readonly string[];
}

export interface WorkInput {
  readonly program: string;
  readonly node: TaskNode;
  readonly runId: string;
}

/** A tick may also be given an event's payload, which has none of these. */
export interface TickInput {
  readonly ms?: number;
  readonly fails?: boolean;
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

export function failure(op: number): Error {
  return Object.assign(new Error(`attempt of ${op} fails as planned`), { code: `failed-${op}` });
}
