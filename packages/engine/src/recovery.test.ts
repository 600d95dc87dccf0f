import { describe, expect, it } from "vitest";
import { namingRequest, type RunId } from "@perdure/kernel";
import type { Disk } from "@perdure/store";
import { text } from "./testing/payloads.test-support.ts";
import { Rig, type RigChoices } from "./testing/rig.test-support.ts";
import { parent, remote, sleeps, three, waits } from "./testing/scripts.test-support.ts";
import type { WorkerChoices } from "./testing/scripted-worker.test-support.ts";

const choices: WorkerChoices = {
  scripts: { parent, remote, sleeps, three, waits },
  tasks: { work: () => "done" },
};

interface Cut {
  readonly choices: Pick<RigChoices, "faults">;
  /** Resolves when the process is to die. */
  readonly reached: Promise<void>;
}

/** The process dies at its n-th commit from `arm` on: before the disk has it, or right after. */
function cutAt(): { arm(n: number, when: "before" | "after"): Promise<void> } & Pick<
  Cut,
  "choices"
> {
  let left = Infinity;
  let when: "before" | "after" = "before";
  let reach = (): void => undefined;
  const never = (): Promise<"none"> => new Promise(() => undefined);
  const isCut = (): boolean => left === 0;
  return {
    choices: {
      faults: {
        before() {
          if (isCut()) return never();
          left--;
          if (left > 0 || when === "after") return Promise.resolve("none");
          reach();
          return never();
        },
        after() {
          if (!isCut()) return Promise.resolve("none");
          reach();
          return never();
        },
      },
    },
    arm(n, moment) {
      left = n;
      when = moment;
      return new Promise((resolve) => {
        reach = resolve;
      });
    },
  };
}

interface Scenario {
  readonly workflow: string;
  readonly result: string;
  readonly signalled?: boolean;
  readonly requestId?: string;
}

const named = namingRequest("018bcfe5-6800-8007-8123-456789abcdef" as RunId);

const scenarios: Scenario[] = [
  { workflow: "three", result: "123" },
  { workflow: "three", result: "123", requestId: named },
  { workflow: "sleeps", result: "rested" },
  { workflow: "remote", result: "done" },
  { workflow: "parent", result: "child said 123" },
  { workflow: "waits", result: "now", signalled: true },
];

/** Drives the scenario on `rig`; asking again is safe because of the request id. */
async function drive(
  rig: Rig,
  { workflow, signalled, requestId = "r1" }: Scenario,
): Promise<RunId> {
  const { runId } = await rig.start({ workflow, requestId });
  if (signalled) {
    const signal = { name: "go", payload: text("now"), id: "s1" };
    await rig.env.run(rig.engine.signal({ runId }, signal).catch(() => undefined));
  }
  return runId;
}

async function dieAndGoOn(
  scenario: Scenario,
  n: number,
  when: "before" | "after",
): Promise<boolean> {
  const cut = cutAt();
  const rig = await Rig.open(cut.choices);
  rig.worker(choices);
  const reached = cut.arm(n, when);
  let isOver = false;
  const finished = drive(rig, scenario)
    .then((runId) => rig.outcome(runId))
    .then(
      () => void (isOver = true),
      () => undefined,
    );
  await rig.env.run(Promise.race([reached, finished]));
  const next = await rig.die();
  next.worker(choices);
  const runId = await drive(next, scenario);
  expect(await next.result(runId)).toBe(scenario.result);
  const all = await next.env.run(next.engine.list({ namespace: "test", limit: 10 }));
  expect(all.rows.filter((row) => row.workflow === scenario.workflow)).toHaveLength(1);
  expect(all.rows.every((row) => row.status === "completed")).toBe(true);
  await checkJournal(next, runId);
  await next.close();
  return isOver;
}

async function checkJournal(rig: Rig, runId: RunId): Promise<void> {
  const journal = await rig.journal(runId);
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, i) => i + 1));
  const outcomes = journal.flatMap((event) =>
    event.kind === "step.completed" || event.kind === "call.closed" ? [event.key] : [],
  );
  expect(new Set(outcomes).size).toBe(outcomes.length);
}

describe("a process that dies", () => {
  it.each(scenarios)("at any commit of $workflow loses nothing and doubles nothing", async (s) => {
    for (const when of ["before", "after"] as const) {
      let n = 1;
      for (; n < 40; n++) if (await dieAndGoOn(s, n, when)) break;
      expect(n).toBeGreaterThan(3);
      expect(n).toBeLessThan(40);
    }
  });

  it("and comes back says which steps may have run already", async () => {
    const rig = await Rig.open();
    const worker = rig.worker(choices);
    worker.stuck.add("b");
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.still();
    expect(worker.ran).toEqual(["a", "b"]);
    const next = await rig.die();
    const successor = next.worker(choices);
    expect(await next.result(runId)).toBe("123");
    expect(successor.activations.map(({ lostAt }) => lostAt)).toEqual([2]);
    await next.close();
  });

  it("does not say so of a run whose code was waiting", async () => {
    const rig = await Rig.open();
    rig.worker(choices);
    const { runId } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const next = await rig.die();
    const successor = next.worker(choices);
    await next.env.still();
    expect(successor.activations).toEqual([]);
    await next.env.run(next.engine.signal({ runId }, { name: "go", payload: text("x") }));
    expect(await next.result(runId)).toBe("x");
    expect(successor.activations.map(({ lostAt }) => lostAt)).toEqual([0]);
    await next.close();
  });

  it("tells runs that the workers of their attempts are gone", async () => {
    const rig = await Rig.open();
    rig.worker({ ...choices, tasks: { work: () => undefined } });
    const { runId } = await rig.start({ workflow: "remote" });
    await rig.env.still();
    const next = await rig.die();
    next.worker(choices);
    expect(await next.result(runId)).toBe("done");
    const failed = (await next.journal(runId)).find(({ kind }) => kind === "step.failed");
    expect(failed).toMatchObject({ failure: { code: "worker-lost" } });
    await next.close();
  });

  it("leaves the index as if it had not died", async () => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "waits" });
    const next = await rig.die();
    const { rows } = await next.env.run(next.engine.list({ namespace: "test", limit: 10 }));
    expect(rows.map((row) => row.runId)).toEqual([runId]);
    await next.close();
  });
});

describe("messages between partitions", () => {
  it("are applied exactly once, whatever dies when", async () => {
    const disks: Disk[] = [];
    for (let n = 1; n < 12; n++) {
      for (const when of ["before", "after"] as const) {
        const cut = cutAt();
        const rig = await Rig.open(cut.choices);
        disks.push(rig.disk);
        rig.worker(choices);
        const reached = cut.arm(n, when);
        const runs = await Promise.race([
          rig.env.run(Promise.all(Array.from({ length: 8 }, () => drive8(rig)))).catch(() => []),
          rig.env.run(reached).then(() => []),
        ]);
        const next = await rig.die();
        next.worker(choices);
        for (const runId of runs) await next.outcome(runId);
        const { rows } = await next.env.run(next.engine.list({ namespace: "test", limit: 100 }));
        for (const row of rows.filter(({ workflow }) => workflow === "parent")) {
          expect(await next.result(row.runId)).toBe("child said 123");
          const journal = await next.journal(row.runId);
          expect(journal.filter(({ kind }) => kind === "call.closed")).toHaveLength(1);
        }
        await next.close();
      }
    }
    expect(disks.length).toBe(22);
  });
});

async function drive8(rig: Rig): Promise<RunId> {
  const request = { namespace: "test", workflow: "parent", queue: "main", input: text("") };
  return (await rig.engine.start(request)).runId;
}
