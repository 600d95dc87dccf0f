/** `object(cart, "user-7").add("book")`: handlers by name, in a run and outside. */
import type { AnyHandler, ObjectDefinition } from "../define/object.ts";
import type { AnyWorkflow } from "../define/workflow.ts";

interface Ways {
  readonly call: (handler: AnyHandler, workflow: AnyWorkflow, input: unknown) => unknown;
  readonly send: (handler: AnyHandler, workflow: AnyWorkflow, input: unknown) => unknown;
}

export function objectProxy(definition: ObjectDefinition, ways: Ways): unknown {
  const calls: Record<string, unknown> = {};
  const sends: Record<string, unknown> = {};
  Object.entries(definition.handlers).forEach(([name, handler], index) => {
    const workflow = definition.workflows[index];
    if (!workflow) return;
    calls[name] = (input?: unknown) => ways.call(handler, workflow, input);
    sends[name] = (input?: unknown) => ways.send(handler, workflow, input);
  });
  return { ...calls, send: sends };
}
