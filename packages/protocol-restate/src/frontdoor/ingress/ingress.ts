/**
 * Restate's ingress: calls, sends, results, awakeables, for one caller at a time.
 *
 * I1  It answers every request and throws nothing.
 * I2  It knows the caller's namespace and no other: the path and the body cannot name one (T1).
 */
import { PerdureError } from "@perdure/kernel";
import { json, refusal, refusedWith } from "./answers.ts";
import { completeAwakeable } from "./awakeables.ts";
import type { Door, DoorAsk } from "./door.ts";
import type { DoorAnswer, DoorRequest } from "./door-answer.ts";
import type { DoorCaller } from "./door-caller.ts";
import { invoke } from "./invoke.ts";
import { lookup, noScopes, result } from "./results.ts";
import { methodsOf, routeOf, type IngressRoute } from "./routes.ts";
import { Waits } from "./waits.ts";

export type IngressParts = Pick<Door, "registry" | "env">;
export type Ingress = (request: DoorRequest, caller: DoorCaller) => Promise<DoorAnswer>;

export function createIngress(parts: IngressParts): Ingress {
  const door: Door = { ...parts, waits: new Waits() };
  return async (request, caller) => {
    try {
      return withCors(await answer(door, { request, url: new URL(request.url), caller }));
    } catch (error) {
      if (!(error instanceof PerdureError)) {
        door.env.log("error", "a request to Restate's ingress failed", { error });
      }
      return withCors(refusal(error));
    }
  };
}

async function answer(door: Door, ask: DoorAsk): Promise<DoorAnswer> {
  const { request, url } = ask;
  const route = routeOf(url.pathname);
  if (route === undefined) return refusedWith(404, nothingAt(url.pathname));
  const methods = methodsOf(route);
  if (!methods.includes(request.method)) {
    const allow = methods.join(", ");
    return refusedWith(405, `${request.method} is not for this path: ${allow} is.`, { allow });
  }
  return answerRoute(door, ask, route);
}

async function answerRoute(door: Door, ask: DoorAsk, route: IngressRoute): Promise<DoorAnswer> {
  switch (route.type) {
    case "invoke":
      return invoke(door, ask, route);
    case "result":
      return result(door, ask, route);
    case "lookup":
      return lookup(door, ask);
    case "awakeable":
      return completeAwakeable(ask, route);
    case "health": {
      const { services } = door.registry.catalog(ask.caller.namespace);
      return json({ services: services.map(({ name }) => name) });
    }
    case "scoped":
      throw noScopes();
  }
}

/** Which origins may ask is the server's to say; what an answer depends on is said on each. */
function withCors(answered: DoorAnswer): DoorAnswer {
  const { headers } = answered;
  headers["vary"] = "origin, access-control-request-method, access-control-request-headers";
  headers["access-control-allow-credentials"] = "true";
  return answered;
}

function nothingAt(path: string): string {
  return (
    `There is nothing at ${path.slice(0, 200)}: call /{service}/{handler}, or ` +
    "/{object}/{key}/{handler}."
  );
}
