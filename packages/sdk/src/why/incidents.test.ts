/** One `why` names the cause, since when, and the act that cures it; and the act does. */
import { describe, expect, test } from "vitest";
import { isRunId, renderExplanation, type Waiting } from "@perdure/kernel";
import {
  aChildThatWaitsForItsParent,
  aFullDisk,
  aLostWorker,
  anObjectHeldByARunThatWaits,
  aPausedRun,
  aPromiseWithoutATimeout,
  aScheduleThatSkips,
  aSignalNobodySends,
  aStepRetryingForHours,
  aStepThatHangs,
  aVersionNobodyRuns,
  codeThatChanged,
  noWorkerOnTheQueue,
} from "./incidents.test-support.ts";
import { commands, wordsOf, type Told } from "./scene.test-support.ts";

const HOUR = 3_600_000;

/** The end of the chain. */
function rootOf({ explanation }: Told): Waiting {
  let root = explanation.waiting[0]!;
  for (let next = root.next; next !== undefined; next = root.next) root = next.waiting[0]!;
  return root;
}

function sinceMs(told: Told): number {
  return told.now - rootOf(told).since;
}

/** The first act that can be typed, its ids left out. */
function act({ explanation }: Told): string {
  const [command = ""] = commands(explanation);
  return wordsOf(command)
    .map((word) => word.replace(/^[0-9a-f-]{36}/, (id) => (isRunId(id) ? "RUN" : id)))
    .join(" ");
}

describe("why", () => {
  test("a run waits for a signal that nobody sends, though one of another name came", async () => {
    const told = await aSignalNobodySends();
    expect(told.explanation.summary).toContain('waits for the signal "approval", without a');
    expect(told.explanation.summary).toContain('nobody has taken "aproval"');
    expect(sinceMs(told)).toBe(72 * HOUR);
    expect(act(told)).toBe("perdure runs signal RUN approval");
    expect(told.after).toBe("completed");
  });

  test("no worker serves the queue, though there are some for others", async () => {
    const told = await noWorkerOnTheQueue();
    expect(told.explanation.summary).toContain('no worker serves the queue "gpu"');
    expect(told.explanation.summary).toContain('there are workers for "default"');
    expect(sinceMs(told)).toBe(2 * HOUR);
    expect(told.explanation.cures[0]?.text).toContain('start a worker for the queue "gpu"');
    expect(told.after).toBe("completed");
  });

  test("a step has been retrying for hours: since the first failure, always the same", async () => {
    const told = await aStepRetryingForHours();
    const [first] = told.explanation.waiting;
    expect(first).toMatchObject({ on: "retry", lastFailure: { code: "bank-down" } });
    expect(first?.failing).toMatchObject({ count: first?.attempt, alike: first?.attempt });
    expect(first?.until).toBeGreaterThan(told.now);
    expect(told.explanation.summary).toContain("always alike (bank-down: the bank answers 503)");
    expect(sinceMs(told)).toBe(5 * HOUR);
    expect(told.explanation.cures[0]?.text).toContain("it goes on by itself");
    expect(told.after).toBe("completed");
  });

  test("code changed under a run: the diff, with the line that asks for something else", async () => {
    const told = await codeThatChanged();
    expect(told.explanation.status).toBe("paused");
    expect(told.explanation.summary).toContain('recorded timer "sleep" (event 3)');
    expect(told.explanation.summary).toContain('asked step "create-label"');
    expect(told.explanation.waiting[0]?.detail).toMatch(/at: .*incidents\.test-support\.ts:\d+/);
    expect(sinceMs(told)).toBe(HOUR / 2);
    expect(act(told)).toBe("perdure runs resume RUN");
    expect(told.after).toBe("completed");
  });

  test("a start waits for an object whose holder waits itself, after a restart as before", async () => {
    const told = await anObjectHeldByARunThatWaits();
    expect(told.explanation).toMatchObject({ status: "queued", subject: { type: "start" } });
    expect(told.explanation.summary).toContain("place 2 of 2 in the inbox of object:cart/7, held");
    expect(told.explanation.summary).toContain('which waits for the signal "stock"');
    expect(told.afterRestart).toBe(told.explanation.summary);
    expect(sinceMs(told)).toBe(49 * HOUR);
    expect(act(told)).toBe("perdure runs signal RUN stock");
    expect(told.after).toBe("completed");
  });

  test("a worker was lost: which, with which attempt, and that nobody has taken the next", async () => {
    const told = await aLostWorker();
    expect(told.explanation.summary).toContain('take attempt 2 of the step "ship": no worker');
    expect(told.explanation.summary).toContain("the worker warehouse-1 was lost while it ran");
    expect(told.explanation.waiting[0]?.failing?.lastAt).toBe(told.now - HOUR / 3 + 30_000);
    expect(sinceMs(told)).toBeLessThan(HOUR / 3 - 30_000);
    expect(told.explanation.cures[0]?.text).toContain('start a worker for the queue "warehouse"');
    expect(told.after).toBe("completed");
  });

  test("a schedule skips: how often, which run is in the way, and what that waits for", async () => {
    const told = await aScheduleThatSkips();
    expect(told.explanation.summary).toContain("has skipped 5 starts");
    expect(told.explanation.summary).toContain('which waits for the signal "warehouse-closed"');
    expect(told.explanation.waiting[1]?.text).toContain("starts nightly next at 2030-01-07T03:00");
    expect(sinceMs(told)).toBe(141 * HOUR);
    expect(act(told)).toBe("perdure runs signal RUN warehouse-closed");
    expect(told.after).toBe("1 run open, of today");
  });

  test("a run is paused: by whom, since when, and the note", async () => {
    const told = await aPausedRun();
    expect(told.explanation.status).toBe("paused");
    expect(told.explanation.summary).toContain(
      "is paused by ann: the supplier asked us to hold this order",
    );
    expect(sinceMs(told)).toBe(26 * HOUR);
    expect(act(told)).toBe("perdure runs resume RUN");
    expect(told.after).toBe("open");
  });

  test("a child waits for its parent's id: a deadlock, named as one", async () => {
    const told = await aChildThatWaitsForItsParent();
    const [first] = told.explanation.waiting;
    expect(told.explanation.summary).toContain("is in a deadlock");
    expect(first).toMatchObject({ on: "deadlock" });
    expect(first?.circle).toEqual([told.explanation.runId, first?.holder]);
    expect(sinceMs(told)).toBe(4 * HOUR);
    expect(act(told)).toBe("perdure runs terminate RUN");
    expect(told.after).toBe("terminated");
  });

  test("the disk is full: also when the engine has given up", async () => {
    const { stopped, ...told } = await aFullDisk();
    expect(told.explanation.summary).toContain("the store has refused 5 commits");
    expect(told.explanation.summary).toContain("Free disk space");
    expect(told.explanation.waiting).toMatchObject([{ on: "store" }, { on: "signal" }]);
    expect(act(told)).toBe("perdure doctor");
    expect(stopped.explanation.summary).toContain("the engine has stopped (The store is full");
    expect(sinceMs(stopped)).toBe(HOUR);
    expect(stopped.explanation.cures[0]?.text).toContain("start the engine again");
  });

  test("a promise has no timeout: its id, and the command that keeps it", async () => {
    const told = await aPromiseWithoutATimeout();
    expect(told.explanation.summary).toContain('the promise "bank confirms", without a timeout');
    expect(sinceMs(told)).toBe(216 * HOUR);
    expect(act(told)).toBe("perdure runs resolve RUN/bank confirms");
    expect(told.after).toBe("completed");
  });

  test("a run is pinned to a version of the worker that nobody runs any more", async () => {
    const told = await aVersionNobodyRuns();
    expect(told.explanation.summary).toContain('it is pinned to the version "v1", which no worker');
    expect(sinceMs(told)).toBe(6 * HOUR);
    expect(act(told)).toBe("perdure runs repin RUN");
    expect(told.after).toBe("completed");
  });
});

describe("why, of work that is under way", () => {
  test("names the step that the code is in, and what the workers are busy with", async () => {
    const { behind, ...told } = await aStepThatHangs();
    expect(told.explanation.summary).toMatch(
      /has its code in the step "call-carrier" on the worker/,
    );
    expect(told.explanation.waiting[0]?.holder).toContain("in-process");
    expect(behind.explanation.summary).toMatch(
      /every worker of the queue "default" is busy \(in-pr/,
    );
    expect(behind.explanation.summary).toContain(`has ${told.explanation.runId}`);
  });
});

describe("an explanation as text", () => {
  test("has the answer in its second line, and the acts as a shell takes them", async () => {
    const { explanation, now } = await aPromiseWithoutATimeout();
    const lines = renderExplanation(explanation, { now }).split("\n");
    expect(lines[1]).toBe(`  ${explanation.summary}.`);
    expect(lines).toContain(`    $ perdure runs resolve '${explanation.runId}/bank confirms'`);
  });
});
