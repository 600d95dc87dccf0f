/** The id of a promise, `<run id>/<key>`, as `ctx.promise()` gave it. */
import { isRunId, PerdureError, type RunId } from "@perdure/kernel";

const PREFIX = "promise:";

export function promiseOf(id: string): { readonly runId: RunId; readonly name: string } {
  const slash = id.indexOf("/");
  const runId = id.slice(0, Math.max(0, slash));
  const name = id.slice(slash + 1);
  // `why` names it as the journal does.
  if (isRunId(runId)) return { runId, name: name.startsWith(PREFIX) ? name : PREFIX + name };
  const text = `"${id}" is not the id of a promise: it is <run id>/<name>, as perdure why prints it.`;
  throw new PerdureError("invalid-argument", text);
}
