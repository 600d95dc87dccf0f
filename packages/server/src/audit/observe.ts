/** Which requests are written down: those that change something, and those that were refused. */
import type { Env } from "@perdure/engine";
import type { Finished, Observer } from "../http/finished.ts";
import type { AuditLog } from "./audit-log.ts";

type Operation = Finished["operation"];

/** They ask by POST and change nothing. */
const reading: ReadonlySet<Operation> = new Set<Operation>([
  "runs.query",
  "keys.query",
  "restate.result",
  "restateAdmin.query",
]);
/** They do something, or hand out all there is, by GET. */
const doing: ReadonlySet<Operation> = new Set<Operation>([
  "workers.stream",
  "transfer.export",
  "restate.invoke",
]);
const refusals: ReadonlySet<number> = new Set([401, 403, 429]);

export function auditor(log: AuditLog, env: Env): Observer {
  return (finished) => {
    if (!isMutating(finished) && !refusals.has(finished.status)) return;
    const { requestId, caller, address, operation, method, target, code } = finished;
    log.write({
      at: env.now(),
      requestId,
      by: caller?.by ?? "-",
      namespace: caller?.namespace ?? "-",
      address,
      what: operation ?? method,
      ...(target === undefined ? {} : { target }),
      result: code ?? "done",
    });
  };
}

function isMutating({ method, operation }: Finished): boolean {
  if (doing.has(operation)) return true;
  return method !== "GET" && operation !== undefined && !reading.has(operation);
}
