/** Whom a handler calls, as a target that the kernel starts. */
import { limits, namingRequest, type CallTarget } from "@perdure/kernel";
import type { CallFields, Header } from "../messages/messages.ts";
import { checkedPayload } from "./asking.ts";
import { nativeQueue, placeOf, runNamed, RESTATE_QUEUE, type Callee } from "./placement.ts";
import { checkName, tooLong, unknownService, unsupported } from "./refusals.ts";
import type { ProjectionContext } from "./state.ts";

interface Named {
  readonly service: string;
  readonly handler: string;
  readonly key: string;
}

export function targetOf(
  fields: CallFields,
  isSend: boolean,
  context: ProjectionContext,
): CallTarget {
  const { idempotencyKey } = fields;
  refuseScope(fields);
  const callee = calleeOf(fields, context);
  checkIdempotency(callee, idempotencyKey);
  const { namespace } = context;
  const headers = headersOf(fields.headers);
  return {
    ...placeOf(namespace, callee, isSend, idempotencyKey !== undefined),
    input: checkedPayload("the parameter of a call", fields.parameter),
    ...(headers === undefined ? {} : { headers }),
    ...(idempotencyKey === undefined
      ? {}
      : {
          attributes: { idempotencyKey },
          requestId: namingRequest(runNamed(namespace, callee, idempotencyKey)),
        }),
  };
}

export function calleeOf(named: Named, context: ProjectionContext): Callee {
  const { service, handler, key } = named;
  const view = context.resolve(service, handler);
  if (view !== undefined) {
    if (view.serviceType === "SERVICE") {
      if (key === "") return { type: "handler", view };
      throw unsupported(
        `the code calls ${service} by a key, but it is a plain service: leave it out`,
      );
    }
    checkKey(`the key of ${service}`, key);
    return { type: "handler", view, key };
  }
  const queue = nativeQueue(service);
  if (queue === undefined) throw unknownService(service, handler);
  // One way to say it, so that a replay says the same.
  if (service === "perdure.default") {
    throw unsupported('workflows of the queue "default" are called as the service "perdure"');
  }
  if (queue === RESTATE_QUEUE) {
    throw unsupported(`"${service}" has the services of deployments: call them by their names`);
  }
  checkName("the name of a queue", queue);
  checkName("the name of a workflow", handler);
  if (key === "") return { type: "native", queue, workflow: handler };
  checkKey("the id of a workflow", key);
  return { type: "native", queue, workflow: handler, key };
}

function checkKey(what: string, key: string): void {
  if (key === "") throw unsupported(`${what} is empty: call it with one`);
  if (key.length > limits.idChars) throw tooLong(what, key.length, limits.idChars);
}

function checkIdempotency(callee: Callee, idempotencyKey: string | undefined): void {
  if (idempotencyKey === undefined) return;
  if (callee.type === "handler" && callee.view.type === "WORKFLOW") {
    throw unsupported(
      `${callee.view.service}/${callee.view.name} runs once for its key as it is: call it without an idempotency key`,
    );
  }
  checkKey("an idempotency key", idempotencyKey);
}

/** Who keeps them in an object keeps one of a name. */
function headersOf(headers: readonly Header[]): Readonly<Record<string, string>> | undefined {
  if (headers.length === 0) return undefined;
  if (headers.length > limits.headers) {
    throw unsupported(`a call has ${headers.length} headers, the limit is ${limits.headers}`);
  }
  const kept = Object.fromEntries(headers.map(({ key, value }) => [key, value]));
  const names = Object.keys(kept);
  if (names.length !== headers.length) {
    throw unsupported("a call has two headers of one name: join their values");
  }
  return kept;
}

export function refuseScope({ scope, limitKey }: Pick<CallFields, "scope" | "limitKey">): void {
  if (scope === undefined && limitKey === undefined) return;
  throw unsupported(
    "scopes and limit keys are not known here: leave them out, and bound what runs at a time by the limits of a queue",
  );
}
