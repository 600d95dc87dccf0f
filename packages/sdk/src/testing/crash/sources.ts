/** Where in the user's code each operation was asked for, found out once over all scenarios. */
import type { Fiber } from "../../runtime/fiber.ts";
import { stackHere, type Ask } from "../../runtime/mismatch.ts";
import { baseOf } from "../check/edits.ts";
import { placeOf } from "../report/place.ts";
import { undoneBy } from "./executions.ts";

export class Sources {
  readonly #stacks = new Map<string, Error>();
  readonly #last = new Map<string, Error>();

  noted(fiber: Fiber, { kind, key }: Ask): void {
    const id = idOf(fiber.code.name, kind, key);
    const stack = this.#stacks.get(id) ?? stackHere();
    this.#stacks.set(id, stack);
    this.#last.set(fiber.code.name, stack);
  }

  /** Of a step or task by its key; an undo is where its step is. */
  step(workflow: string, key: string): string | undefined {
    const name = undoneBy(key) ?? key;
    return this.of(workflow, "step", name) ?? this.of(workflow, "task", name);
  }

  of(workflow: string, kind: Ask["kind"], key: string): string | undefined {
    const stack = this.#stacks.get(idOf(workflow, kind, key));
    return stack && placeOf(stack);
  }

  /** Of whatever has that key. */
  anyOf(workflow: string, key: string): string | undefined {
    return (
      this.step(workflow, key) ??
      this.of(workflow, "wait", key) ??
      this.of(workflow, "timer", key) ??
      this.of(workflow, "call", key) ??
      this.of(workflow, "message", key) ??
      this.of(workflow, "value", key)
    );
  }

  /** The call that the workflow was the last to make for the first time. */
  last(workflow: string): string | undefined {
    const stack = this.#last.get(workflow);
    return stack && placeOf(stack);
  }
}

function idOf(workflow: string, kind: string, key: string): string {
  return `${workflow}\n${kind}\n${baseOf(key)}`;
}
