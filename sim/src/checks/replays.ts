/**
 * Invariant 9: every finished journal, given to a worker that has never seen it, leads its code to
 * the same end.
 *
 * The worker gets the journal up to the event that closed the run; the answer it gives has to hold
 * the command that led to that event, and nothing may be amiss on the way.
 */
import type { Activation, WorkerSession } from "@perdure/engine";
import type { ActivationAnswer, Command, RunEvent } from "@perdure/kernel";
import type { Parts } from "../cluster/parts.ts";
import { startWorker } from "../cluster/runtime.ts";
import { define } from "../programs/definitions.ts";
import { Process } from "../world/process.ts";
import type { ShadowRun } from "./shadow.ts";

const PATIENCE_MS = 60_000;

/** The events that end a run because its code asked for it, and what asks for them. */
const endings: Readonly<Partial<Record<RunEvent["kind"], Command["type"]>>> = {
  "run.completed": "run.complete",
  "run.failed": "run.fail",
  "run.continued": "run.continue",
};

export function checkReplays(parts: Parts): void {
  for (const run of parts.shadow.runs()) {
    const problem = replay(parts, run);
    if (problem !== undefined) parts.violations.report("9", `replaying ${run.runId}: ${problem}`);
  }
}

function replay(parts: Parts, run: ShadowRun): string | undefined {
  const last = run.events.at(-1);
  const expected = last && endings[last.kind];
  const { spec } = run.state;
  if (last === undefined || expected === undefined || spec === undefined) return undefined;
  const events = run.events.slice(0, -1);
  const { runId } = run;
  const answers = replayOn(parts, { runId, lease: 1, spec, events, through: 0, lostAt: 0 });
  const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
  if (failure !== undefined) return `${failure.code}: ${failure.message}`;
  const commands = answers.flatMap((answer) => answer.commands);
  const ending = commands.find((command) => command.type === expected);
  if (ending === undefined)
    return `no ${expected} among ${commands.map(({ type }) => type).join()}`;
  return sameEnd(last, ending);
}

/** A process of its own, whose effects on the outside go nowhere. */
function replayOn(parts: Parts, activation: Activation): readonly ActivationAnswer[] {
  const { world, prng } = parts;
  const process = new Process(world, "replayer", prng, () => undefined);
  const answers: ActivationAnswer[] = [];
  const isDone = (): boolean =>
    answers.some(
      ({ commands, failure }) =>
        failure !== undefined || commands.some(({ type }) => type.startsWith("run.")),
    );
  const stop = startWorker({
    id: "replayer",
    env: process,
    definitions: define({ process, begin: () => () => undefined }),
    bend: (worker) => worker,
    taskSlots: 1,
    runSlots: 1,
    leaseMs: PATIENCE_MS,
    host: {
      register: (worker) => {
        process.defer(() => worker.activate(activation));
        return listening(answers);
      },
    },
  });
  world.runUntil(isDone, world.now + PATIENCE_MS);
  stop();
  process.kill();
  return answers;
}

function listening(answers: ActivationAnswer[]): WorkerSession {
  return {
    answer: (_runId, _lease, answer) => void answers.push(answer),
    beat: () => Promise.resolve({ cancelRequested: false }),
    result: () => Promise.resolve(),
    release: () => undefined,
    abandon: () => undefined,
    alive: () => undefined,
    drain: () => Promise.resolve(),
    close: () => undefined,
  };
}

function sameEnd(event: RunEvent, command: Command): string | undefined {
  if (event.kind === "run.completed" && command.type === "run.complete") {
    const [was, is] = [event.output, command.output].map(({ data }) =>
      Buffer.from(data).toString(),
    );
    return was === is ? undefined : `it ends with ${is} instead of ${was}`;
  }
  if (event.kind === "run.failed" && command.type === "run.fail") {
    const [was, is] = [event.failure.code, command.failure.code];
    return was === is ? undefined : `it fails with ${is} instead of ${was}`;
  }
  return undefined;
}
