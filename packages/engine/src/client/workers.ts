/** The workers of a namespace, as people see them. */
import type { EngineClient, WorkerView } from "../client.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import type { WorkerOptions } from "../worker.ts";
import type { LostWorker } from "../workers/lost-workers.ts";
import { checkNamespace } from "./checks.ts";
import type { Desk } from "./desk.ts";

export function workerVerbs(desk: Desk): Pick<EngineClient, "workers"> {
  return {
    async workers(namespace) {
      desk.checkOpen();
      checkNamespace(namespace);
      const { env, registry } = desk;
      const epochMs = env.now() - env.monotonic();
      const there = [...registry.own]
        .filter(({ options }) => options.namespace === namespace)
        .map((worker) => viewOf(worker, epochMs));
      const lost = registry.lost.in(namespace).map((one) => lostView(one, epochMs));
      return [...there, ...lost];
    },
  };
}

function lostView(lost: LostWorker, epochMs: number): WorkerView {
  const { id, options, holds, tasks, at, seenAt, registeredAt } = lost;
  return {
    id,
    phase: "lost",
    holds,
    tasks,
    seenAt: epochMs + seenAt,
    registeredAt: epochMs + registeredAt,
    lostAt: epochMs + at,
    silentMs: at - seenAt,
    ...termsOf(options),
  };
}

/** `epochMs`: where the monotonic clock has its zero. */
function viewOf(registered: RegisteredWorker, epochMs: number): WorkerView {
  const { worker, options, phase, holds, tasks, lent, seenAt, registeredAt } = registered;
  return {
    id: worker.id,
    phase: phase === "gone" ? "lost" : phase,
    holds: holds.size + (lent?.holds ?? 0),
    tasks: tasks.size + (lent?.tasks ?? 0),
    seenAt: epochMs + seenAt,
    registeredAt: epochMs + registeredAt,
    ...termsOf(options),
  };
}

/** What it said when it registered. */
function termsOf(
  options: WorkerOptions,
): Pick<WorkerView, "queues" | "taskSlots" | "runSlots" | "version" | "versioning" | "labels"> {
  const { queues, taskSlots, runSlots, version, versioning = "move", labels = {} } = options;
  const build = version === undefined ? {} : { version };
  return { queues, taskSlots, runSlots, ...build, versioning, labels };
}
