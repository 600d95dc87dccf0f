/**
 * A run that waits for another: for a child's end, or for its turn under a key. The answer follows
 * the chain, and says so where it comes back to where it began.
 */
import type { KeyRef, RunId } from "../ids.ts";
import { openRun, type KeyState } from "../machines/key/state.ts";
import type { CallOperation, RunState } from "../machines/run/state.ts";
import type { Cure, Explanation, Waiting } from "./explanation.ts";
import { cure, keyOption } from "./shell.ts";
import type { Telling } from "./telling.ts";

/** Why that run does not go on; undefined: this is as far as the answer goes. */
export type Follow = (runId: RunId) => Explanation | undefined;

export function explainCall(call: CallOperation, telling: Telling, follow: Follow): Waiting {
  const { runId, target, started, since, key } = call;
  if (!started && target.key) {
    const what = `waits for the turn of its call to ${target.workflow}: `;
    const turn = waitForTurn(runId, target.key, telling, follow);
    return { ...turn, text: what + turn.text, key, since };
  }
  const what = `waits for the child ${target.workflow} (${runId})`;
  const cures = [cure("says what the child waits for", "why", runId)];
  return { key, ...behind(runId, { on: "child", text: what, since, cures }, telling, follow) };
}

/** A start in an inbox: its place, and who holds the key. */
export function waitForTurn(
  runId: RunId,
  key: KeyRef,
  telling: Telling,
  follow: Follow,
): Omit<Waiting, "since"> {
  const state = telling.world.key?.(key);
  const holder = state && openRun(state);
  const cures = [cure("says who holds the key", "why", keyOption(key))];
  const text = `${placeOf(runId, state)} of ${nameOf(key)}`;
  if (holder === undefined) return { on: "key", text, cures };
  const held = `${text}, held by ${workflowOf(holder, telling)}the run ${holder}`;
  return behind(holder, { on: "key", text: held, since: 0, cures }, telling, follow);
}

export function nameOf({ kind, id }: KeyRef): string {
  return `${kind}/${id}`;
}

function placeOf(runId: RunId, state: KeyState | undefined): string {
  const inbox = state?.inbox ?? [];
  const at = inbox.findIndex(({ spec }) => spec.runId === runId);
  return at === -1 ? "a place in the inbox" : `place ${at + 1} of ${inbox.length} in the inbox`;
}

function workflowOf(runId: RunId, { world }: Telling): string {
  const workflow = world.run?.(runId)?.state.spec?.workflow;
  return workflow === undefined ? "" : `${workflow}, `;
}

/** Adds why the other run does not go on, or that it waits for this one. */
function behind(holder: RunId, waiting: Waiting, telling: Telling, follow: Follow): Waiting {
  const { path } = telling;
  const self = path.at(-1);
  const at = path.indexOf(holder);
  if (at !== -1) return deadlock(waiting, path.slice(at), telling);
  const next = follow(holder);
  if (next === undefined) return { ...waiting, holder };
  const circle = next.waiting[0]?.circle;
  const isInside = self !== undefined && circle?.includes(self) === true;
  const on = isInside ? "deadlock" : waiting.on;
  return {
    ...waiting,
    on,
    holder,
    ...(circle !== undefined && isInside ? { circle } : {}),
    next,
    cures: [...next.cures, ...waiting.cures],
  };
}

function deadlock(waiting: Waiting, circle: readonly RunId[], telling: Telling): Waiting {
  const self = circle.at(-1);
  const [holder] = circle;
  const open = circle.some((runId) => (stateOf(runId, telling)?.operations.size ?? 0) > 1);
  const fate = open
    ? "only another wait of theirs can break this circle"
    : "that never ends by itself";
  const whom = circle.length === 1 ? "which it holds itself" : "which waits for it in turn";
  return {
    ...waiting,
    on: "deadlock",
    ...(holder === undefined ? {} : { holder }),
    text: `${waiting.text}, ${whom}: ${fate}`,
    circle,
    cures: self === undefined ? [] : breaking(waiting.on, self),
  };
}

/** A call that has not had its turn can be taken back; one that has is over with the other run. */
function breaking(on: Waiting["on"], self: RunId): readonly Cure[] {
  const lasting = cure(
    "then change the code: send (ctx.send) where the answer is not needed, or do not call back",
  );
  return on === "key"
    ? [cure("breaks it: takes the call back that waits for its turn", "runs cancel", self), lasting]
    : [cure("breaks it: ends this run, and those that it called", "runs terminate", self), lasting];
}

function stateOf(runId: RunId, { world }: Telling): RunState | undefined {
  return world.run?.(runId)?.state;
}
