/**
 * Paths of the ingress. What follows a service's name is told apart later, by whether the service
 * has keys: `/Greeter/greet/send` is a send, `/Cart/greet/send` calls the handler `send`.
 */
import { PerdureError } from "@perdure/kernel";

/** An invocation that somebody asks about. */
export type InvocationTarget =
  | { readonly type: "invocation"; readonly id: string }
  | { readonly type: "workflow"; readonly name: string; readonly key: string }
  | {
      readonly type: "idempotent";
      readonly service: string;
      readonly key: string | undefined;
      readonly handler: string;
      readonly idempotencyKey: string;
    };

export type IngressRoute =
  | {
      readonly type: "invoke";
      /** `classic`: the path's end says whether it is a send. */
      readonly form: "call" | "send" | "classic";
      readonly service: string;
      readonly rest: readonly string[];
    }
  | {
      readonly type: "result";
      readonly ask: "attach" | "output";
      /** Absent: the body says it. */
      readonly target?: InvocationTarget;
    }
  | { readonly type: "lookup" }
  | { readonly type: "awakeable"; readonly verdict: "resolve" | "reject"; readonly id: string }
  | { readonly type: "health" }
  | { readonly type: "scoped" };

/** What a caller may do is decided by this. */
export type IngressOperation =
  | "restate.invoke"
  | "restate.result"
  | "restate.awakeable"
  | "restate.health";

const SERVICE_TAIL = { min: 1, max: 3 };

/** Undefined: there is nothing here. Throws `invalid-argument` where the path cannot be read. */
export function routeOf(path: string): IngressRoute | undefined {
  const [first = "", ...rest] = segmentsOf(path);
  if (first === "restate") return ownRoute(rest);
  if (first === "") return undefined;
  return rest.length === 0 || rest.length > SERVICE_TAIL.max
    ? undefined
    : { type: "invoke", form: "classic", service: first, rest };
}

export function methodsOf(route: IngressRoute): readonly string[] {
  switch (route.type) {
    case "invoke":
    case "scoped":
      return ["GET", "POST"];
    case "result":
      return route.target === undefined ? ["POST"] : ["GET"];
    case "lookup":
    case "awakeable":
      return ["POST"];
    case "health":
      return ["GET"];
  }
}

/** Undefined: there is nothing here that anybody may do. */
export function ingressOperationOf(path: string): IngressOperation | undefined {
  switch (routeOf(path)?.type) {
    case "invoke":
    case "scoped":
      return "restate.invoke";
    case "result":
    case "lookup":
      return "restate.result";
    case "awakeable":
      return "restate.awakeable";
    case "health":
      return "restate.health";
    case undefined:
      return undefined;
  }
}

function ownRoute([kind, ...rest]: readonly string[]): IngressRoute | undefined {
  switch (kind) {
    case "call":
    case "send": {
      const [service = "", ...tail] = rest;
      const isTail = tail.length >= SERVICE_TAIL.min && tail.length < SERVICE_TAIL.max;
      return isTail ? { type: "invoke", form: kind, service, rest: tail } : undefined;
    }
    case "invocation":
      return resultRoute(rest.at(-1), invocationTarget(rest.slice(0, -1)));
    case "workflow": {
      const [name = "", key = "", ask, ...more] = rest;
      return more.length > 0 ? undefined : resultRoute(ask, { type: "workflow", name, key });
    }
    case "attach":
    case "output": {
      const [id, ...more] = rest;
      if (more.length > 0) return undefined;
      if (id === undefined) return { type: "result", ask: kind };
      return resultRoute(kind, { type: "invocation", id });
    }
    case "lookup":
      return rest.length === 0 ? { type: "lookup" } : undefined;
    case "awakeables":
    case "a":
      return awakeableRoute(rest);
    case "health":
      return rest.length === 0 ? { type: "health" } : undefined;
    case "scope":
      return rest.length >= 4 ? { type: "scoped" } : undefined;
    default:
      return undefined;
  }
}

function resultRoute(
  ask: string | undefined,
  target: InvocationTarget | undefined,
): IngressRoute | undefined {
  const isAsk = ask === "attach" || ask === "output";
  return isAsk && target !== undefined ? { type: "result", ask, target } : undefined;
}

/** `{id}`, `{service}/{handler}/{idempotencyKey}`, or the same with a key behind the service. */
function invocationTarget(parts: readonly string[]): InvocationTarget | undefined {
  const [first = "", ...rest] = parts;
  if (parts.length === 1) return { type: "invocation", id: first };
  if (parts.length !== 3 && parts.length !== 4) return undefined;
  const [handler = "", idempotencyKey = ""] = rest.slice(-2);
  const key = parts.length === 4 ? rest[0] : undefined;
  return { type: "idempotent", service: first, key, handler, idempotencyKey };
}

function awakeableRoute([id, verdict, ...more]: readonly string[]): IngressRoute | undefined {
  if (id === undefined || more.length > 0) return undefined;
  if (verdict !== "resolve" && verdict !== "reject") return undefined;
  return { type: "awakeable", verdict, id };
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/^\//, "").split("/").map(decoded);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    const text = "The path holds a % that begins no encoded byte: encode it as %25.";
    throw new PerdureError("invalid-argument", text);
  }
}
