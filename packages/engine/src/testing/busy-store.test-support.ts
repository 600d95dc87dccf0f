/**
 * A store in the middle of its work: runs of every shape that wait, sleep, call and are stuck, keys
 * with inboxes and state, a topic with a trigger, a schedule, long payloads, messages on their way.
 * The same seed makes the same one, so that its twin can go on where it is.
 */
import type { KeyRef, RunId } from "@perdure/kernel";
import { Disk } from "@perdure/store";
import { text, textOf } from "./payloads.test-support.ts";
import { Rig } from "./rig.test-support.ts";
import type { Script, WorkerChoices } from "./scripted-worker.test-support.ts";
import { parent, remote, sleeps, three, waits } from "./scripts.test-support.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

const hears: Script = function* () {
  return yield { event: "order.paid" };
};
/** Its input is long, and so is what its step makes of it. */
const echoes: Script = function* (input) {
  const made = yield { step: "make", do: () => `${input}${input}` };
  const word = yield { signal: "go" };
  return `${made.length} ${word}`;
};

const scripts = { echoes, hears, parent, remote, sleeps, three, waits };
const names = Object.keys(scripts);
const choices: WorkerChoices = { scripts, tasks: { work: () => "done" } };
const record: KeyRef = { namespace: "$perdure", kind: "server", id: "api-keys" };
const LONG = "x".repeat(40_000);

export interface BusyStore {
  readonly disk: Disk;
  readonly runs: readonly RunId[];
}

/** Its process has died; what it had on its way is as it was. */
export async function busyStore(seed: number, starts = 16): Promise<BusyStore> {
  const dice = new VirtualEnv(seed);
  const below = (n: number): number => Math.floor(dice.random() * n);
  const rig = await Rig.open({ disk: new Disk(4), env: new VirtualEnv(seed + 1_000) });
  const { engine, env } = rig;
  const worker = rig.worker({ ...choices, id: "before" });
  await env.run(
    engine.setTrigger("test", "order.paid", { id: "t", workflow: "three", queue: "main" }),
  );
  await env.run(engine.putSchedule(hourly));
  await env.run(engine.keyedState.write(record, "a", text(`key of ${seed}`)));
  await env.run(engine.keyedState.write(record, "long", text(LONG)));
  const runs: RunId[] = [];
  for (let i = 0; i < starts; i++) {
    const workflow = names[below(names.length)] as string;
    if (below(6) === 0) worker.stuck.add("before");
    const key = { namespace: "test", kind: "workflow", id: `k${below(4)}` };
    const { runId } = await rig.start({
      workflow,
      input: text(workflow === "echoes" ? LONG : ""),
      requestId: `r${i}`,
      ...(below(2) === 0 ? { key, mode: "exclusive" } : {}),
    });
    runs.push(runId);
    if (below(3) === 0) await env.pass(below(60_000));
    if (below(4) === 0) await env.run(engine.publish("test", "order.paid", { payload: text("1") }));
    if (below(4) === 0) {
      const early = runs[below(runs.length)] as RunId;
      const signal = { name: "go", payload: text("early"), id: `s${i}` };
      await env.run(engine.signal({ runId: early }, signal)).catch(() => undefined);
    }
  }
  // Cut in the middle of what the last calls have caused.
  void rig.start({ workflow: "parent", requestId: "last" }).catch(() => undefined);
  for (let turns = below(12); turns > 0; turns--)
    await new Promise((resolve) => setImmediate(resolve));
  env.kill();
  await rig.store.close();
  return { disk: rig.disk, runs };
}

/** Opens the store with a worker, brings everything to its end, and tells what came of it. */
export async function endingOf({ disk, runs }: BusyStore): Promise<unknown> {
  const rig = await Rig.open({ disk, env: new VirtualEnv(77) });
  const { engine, env } = rig;
  rig.worker({ ...choices, id: "after" });
  const outcomes: unknown[] = [];
  // Those that wait for their turn under a key are there when those before them have ended.
  for (let round = 0; round < 8; round++) {
    for (const [i, runId] of runs.entries()) {
      const signal = { name: "go", payload: text("late"), id: `late${i}` };
      await env.run(engine.signal({ runId }, signal)).catch(() => undefined);
    }
    await env.run(engine.publish("test", "order.paid", { id: `end${round}`, payload: text("1") }));
    await env.pass(30 * 60_000);
  }
  for (const runId of runs) {
    const { outcome } = await env.run(engine.describe(runId)).catch(() => ({ outcome: undefined }));
    outcomes.push(outcome?.status === "completed" ? textOf(outcome.output) : outcome?.status);
  }
  const entries = await env.run(engine.keyedState.entries(record));
  const { starts } = await env.run(engine.describeSchedule("test", hourly.id));
  const ending = {
    outcomes,
    starts,
    records: [...entries].map(([name, entry]) => `${name} ${textOf(entry).slice(0, 20)}`),
    completed: await env.run(engine.count({ namespace: "test", status: ["completed"] })),
    all: await env.run(engine.count({ namespace: "test" })),
  };
  await rig.close();
  return ending;
}

const hourly = {
  namespace: "test",
  id: "hourly",
  when: [{ type: "interval", everyMs: 3_600_000 }],
  policy: { overlap: "skip", catchUpMs: 60_000, jitterMs: 0, pauseOnFailure: false },
  workflow: "three",
  queue: "main",
  input: text(""),
} as const;
