/** Whom an invocation is for, in Restate's words. */
import type { KeyMode, KeyRef } from "@perdure/kernel";

export interface Target {
  readonly service: string;
  readonly handler: string;
  readonly key?: string;
  readonly type: "service" | "virtual_object" | "workflow";
  /** `Counter/c1/add` */
  readonly target: string;
}

export interface Named {
  readonly workflow: string;
  readonly key?: Pick<KeyRef, "kind" | "id">;
}

const OBJECT = "object:";
const WORKFLOW = "workflow:";

/** The handler's name is what stands behind the last dot. */
export function targetOf({ workflow, key }: Named): Target {
  const dot = workflow.lastIndexOf(".");
  const service = dot === -1 ? workflow : workflow.slice(0, dot);
  const handler = workflow.slice(dot + 1);
  const type = typeOf(key?.kind);
  if (key === undefined || type === "service") {
    return { service, handler, type: "service", target: `${service}/${handler}` };
  }
  return { service, handler, key: key.id, type, target: `${service}/${key.id}/${handler}` };
}

function typeOf(kind = ""): Target["type"] {
  if (kind.startsWith(OBJECT)) return "virtual_object";
  return kind.startsWith(WORKFLOW) ? "workflow" : "service";
}

/** The workflow that runs a handler. */
export function workflowOf(service: string, handler: string): string {
  return `${service}.${handler}`;
}

/** The service whose key it is; undefined: none of Restate's. */
export function serviceOfKind(kind: string): string | undefined {
  if (kind.startsWith(OBJECT)) return kind.slice(OBJECT.length);
  return kind.startsWith(WORKFLOW) ? kind.slice(WORKFLOW.length) : undefined;
}

export const KEY_KINDS: readonly string[] = [OBJECT, WORKFLOW];

/** As it stands in the JSON of a journal's entry. */
export function targetJson(named: Named & { readonly mode?: KeyMode }): Fields {
  const { service, handler, key, type } = targetOf(named);
  if (type === "service") return { Service: { name: service, handler, scope: null } };
  const isShared = named.mode === "shared";
  const own = type === "workflow" ? "Workflow" : "Exclusive";
  const detail = {
    name: service,
    key,
    handler,
    handler_ty: isShared ? "Shared" : own,
    scope: null,
  };
  return type === "workflow" ? { Workflow: detail } : { VirtualObject: detail };
}

type Fields = Readonly<Record<string, unknown>>;
