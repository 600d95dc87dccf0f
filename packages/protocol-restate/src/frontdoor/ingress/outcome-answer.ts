/** How an invocation ended, as an answer. */
import { PerdureError, type Outcome } from "@perdure/kernel";
import type { HandlerView } from "../../deployments/deployment.ts";
import { failed } from "./answers.ts";
import type { DoorAnswer } from "./door-answer.ts";

/** The bytes of a result, or the failure that an invocation ended with. */
export function resultOf(
  outcome: Outcome,
  headers: Readonly<Record<string, string>>,
  view: HandlerView | undefined,
): DoorAnswer {
  if (outcome.status === "continued") throw new PerdureError("internal", "A run was not followed.");
  if (outcome.status !== "completed") return failed(outcome.failure, headers);
  const { data, encoding } = outcome.output;
  const type = contentType(view, data.length === 0, encoding);
  return {
    status: 200,
    headers: { ...headers, ...(type === undefined ? {} : { "content-type": type }) },
    ...(data.length === 0 ? {} : { body: data }),
  };
}

function contentType(
  view: HandlerView | undefined,
  isEmpty: boolean,
  encoding: string,
): string | undefined {
  const said = view?.output;
  if (isEmpty && said?.setContentTypeIfEmpty !== true) return undefined;
  if (said?.contentType !== undefined) return said.contentType;
  return encoding === "json" ? "application/json" : "application/octet-stream";
}
