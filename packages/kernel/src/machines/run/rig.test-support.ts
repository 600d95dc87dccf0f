/** A bench for one run in tests: tells it messages, keeps what it says, checks invariant 6. */
import type { Command } from "../../commands/command.ts";
import type { Effect, Reply } from "../../effects.ts";
import type { RunEvent, RunSpec } from "../../events/run-events.ts";
import { invariant } from "../../errors.ts";
import type { Failure } from "../../failure.ts";
import { runId, type RunId } from "../../ids.ts";
import type { RunMessage } from "../../messages.ts";
import type { Payload } from "../../payload.ts";
import type { RetryPolicy } from "../../retry.ts";
import { decide } from "../machine.ts";
import { runMachine, wantsActivation, type RunState } from "./index.ts";

/** A payload that a test can compare. */
export function note(value: unknown): Payload {
  return { encoding: "json", data: Uint8Array.from(JSON.stringify(value), (c) => c.charCodeAt(0)) };
}

export class RunRig {
  readonly id: RunId = runId(1_000_000, 7, "0123456789abcdef");
  readonly state: RunState = runMachine.initial();
  readonly events: RunEvent[] = [];
  readonly replies: Reply[] = [];
  readonly #effects: Effect[] = [];
  readonly #checksFold: boolean;
  now = 1_000_000;

  /** Folding the whole past after each message is quadratic: long tests go without. */
  constructor(checksFold = true) {
    this.#checksFold = checksFold;
  }

  tell(message: RunMessage): this {
    const { events, effects } = decide(runMachine, this.state, message, this.now);
    this.events.push(...events);
    for (const effect of effects) {
      if (effect.type === "reply") this.replies.push(effect.reply);
      else this.#effects.push(effect);
    }
    if (this.#checksFold) this.#checkFold();
    return this;
  }

  start(spec: Partial<RunSpec> = {}): this {
    return this.tell({ type: "run.start", spec: this.#spec(spec), request: 0 });
  }

  fork(prefix: readonly RunEvent[]): this {
    const spec = this.#spec({ runId: runId(2_000_000, 7, "0123456789abcdef") });
    return this.tell({ type: "run.fork", spec, from: this.id, prefix, request: 0 });
  }

  answer(commands: readonly Command[], through?: number): this {
    const answer = through === undefined ? { commands } : { commands, through };
    return this.tell({ type: "run.answer", answer });
  }

  /** Moves the clock; the alarm rings if its time has come. */
  sleep(ms: number): this {
    this.now += ms;
    return this.wakeAt !== undefined && this.wakeAt <= this.now
      ? this.tell({ type: "wake" })
      : this;
  }

  done(key: string, ordinal: number): Command {
    return { type: "step.complete", key, ordinal, name: key, attempt: 1, output: note(key) };
  }

  failed(
    key: string,
    ordinal: number,
    attempt: number,
    retry: RetryPolicy,
    more: Partial<Failure> = {},
  ): Command {
    const failure = { code: "boom", message: "it broke", ...more };
    return { type: "step.fail", key, ordinal, name: key, attempt, retry, failure };
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  effects<T extends Effect["type"]>(type: T): Extract<Effect, { type: T }>[] {
    return this.#effects.filter(
      (effect): effect is Extract<Effect, { type: T }> => effect.type === type,
    );
  }

  get wantsActivation(): boolean {
    return wantsActivation(this.state);
  }

  get wakeAt(): number | undefined {
    return runMachine.wakeAt(this.state);
  }

  #spec(spec: Partial<RunSpec>): RunSpec {
    const base = { runId: this.id, namespace: "n", workflow: "w", input: note(0), queue: "q" };
    return { ...base, ...spec };
  }

  #checkFold(): void {
    const folded = runMachine.initial();
    for (const event of this.events) runMachine.evolve(folded, event);
    invariant(show(folded) === show(this.state), "the fold of the journal is not the live state");
  }
}

function show(state: RunState): string {
  return JSON.stringify(state, (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
}
