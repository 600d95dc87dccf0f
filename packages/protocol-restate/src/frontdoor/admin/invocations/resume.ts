/** An invocation goes on: one that is paused, and at once one that waits for its next attempt. */
import { PerdureError } from "@perdure/kernel";
import { Refused } from "../answers.ts";
import type { Desk } from "../parts.ts";
import { findInvocation } from "./find.ts";
import { targetOf } from "./target.ts";

const TOO_EARLY = 425;

export async function resumeInvocation(
  desk: Desk,
  id: string,
  deployment: string | undefined,
): Promise<void> {
  const { engine } = desk;
  const found = await findInvocation(desk, id);
  if (found.type === "start") {
    throw new Refused(
      TOO_EARLY,
      `The invocation '${id}' has not begun: there is nothing to resume.`,
    );
  }
  const { runId, view } = found;
  if (view.outcome !== undefined) {
    const text = `The invocation '${id}' is completed, cannot be resumed: restart it as new.`;
    throw new PerdureError("conflict", text);
  }
  const [waiting] = (await engine.why(runId)).waiting;
  if (waiting?.on === "start") {
    throw new Refused(TOO_EARLY, `The invocation '${id}' waits for its time: it begins by itself.`);
  }
  const version = versionOf(desk, targetOf(view.spec), deployment);
  const isPaused = view.row.status === "paused";
  if (version !== undefined) {
    if (!isPaused && waiting?.on === "worker" && waiting.holder !== undefined) throw running(id);
    await engine.repin(runId, version);
  }
  if (isPaused) return engine.resume(runId);
  if (waiting?.on !== "retry") return;
  // Only a run that is paused is resumed; that it is both is in its journal, with who did it.
  await engine.pause(runId, "to be tried again now");
  await engine.resume(runId);
}

/** The deployment to move it to; undefined: it stays where it is. */
export function versionOf(
  { catalog }: Pick<Desk, "catalog">,
  { service, handler }: { readonly service: string; readonly handler: string },
  deployment: string | undefined,
): string | undefined {
  if (deployment === undefined || deployment.toLowerCase() === "keep") return undefined;
  const isLatest = deployment.toLowerCase() === "latest";
  const version = isLatest ? catalog.service(service)?.deploymentId : deployment;
  const is = version !== undefined && catalog.handlerAt(version, service, handler) !== undefined;
  if (is) return version;
  const what = isLatest ? "No deployment" : `The deployment '${deployment.slice(0, 80)}'`;
  const text = `${what} has no handler ${service}/${handler}: give one that has, or "keep".`;
  throw new PerdureError("not-found", text);
}

function running(id: string): PerdureError {
  const text =
    `The invocation '${id}' is still running, deployment id cannot be changed: pause it first, ` +
    `then resume it with the deployment.`;
  return new PerdureError("conflict", text);
}
