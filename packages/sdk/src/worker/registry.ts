/** What a worker has code for, by name. */
import { PerdureError } from "@perdure/kernel";
import type { WorkerOptions } from "@perdure/engine";
import type { ObjectDefinition } from "../define/object.ts";
import type { AnyTask, TaskCode } from "../define/task.ts";
import type { AnyWorkflow, WorkflowCode } from "../define/workflow.ts";

export interface Definitions {
  readonly workflows?: readonly AnyWorkflow[];
  readonly tasks?: readonly AnyTask[];
  readonly objects?: readonly ObjectDefinition[];
}

type Queues = WorkerOptions["queues"];

export class Registry {
  readonly workflows: ReadonlyMap<string, WorkflowCode>;
  readonly tasks: ReadonlyMap<string, TaskCode>;

  constructor({ workflows = [], tasks = [], objects = [] }: Definitions) {
    const handlers = objects.flatMap((definition) => definition.workflows);
    this.workflows = byName("workflow", [...workflows, ...handlers]);
    this.tasks = byName("task", tasks);
  }

  /** The queues to serve. */
  queues(): Queues {
    const names = new Map<string, { workflows: string[]; tasks: string[] }>();
    const of = (queue = "default") => {
      const known = names.get(queue) ?? { workflows: [], tasks: [] };
      names.set(queue, known);
      return known;
    };
    for (const { name, settings } of this.workflows.values())
      of(settings.queue).workflows.push(name);
    for (const { name, settings } of this.tasks.values()) of(settings.queue).tasks.push(name);
    return [...names].map(([name, known]) => ({ name, ...known }));
  }
}

function byName<C extends { readonly name: string }>(
  what: string,
  definitions: readonly { readonly code: C }[],
): ReadonlyMap<string, C> {
  const codes = new Map<string, C>();
  for (const { code } of definitions) {
    if (codes.has(code.name)) {
      const message = `there are two ${what}s named "${code.name}"; give each a name of its own`;
      throw new PerdureError("invalid-argument", message);
    }
    codes.set(code.name, code);
  }
  return codes;
}
