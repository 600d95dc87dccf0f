import { expect, test } from "vitest";
import { Job } from "./job.ts";
import type { SeedAnswer, SeedAsked } from "./pieces.ts";
import { jobsFor, share } from "./share.ts";

const seeds: readonly SeedAsked[] = [1, 2, 3, 4, 5, 6].map((seed) => ({
  seed,
  bug: "ack-before-commit",
  overrides: { workers: "link" },
}));

async function answers(jobs: number): Promise<ReadonlyMap<number, SeedAnswer>> {
  const all = new Map<number, SeedAnswer>();
  const onAnswer = (answer: SeedAnswer, { seed }: SeedAsked): void => void all.set(seed, answer);
  const cpuMs = await share({ kind: "seed", pieces: seeds, jobs, onAnswer });
  expect(cpuMs).toBeGreaterThan(0);
  return new Map([...all].toSorted(([a], [b]) => a - b));
}

test("the same seeds come to the same answers in one process and in several, red ones too", async () => {
  const alone = await answers(1);
  expect(alone.size).toBe(seeds.length);
  expect([...alone.values()].some(({ red }) => red !== undefined)).toBe(true);
  expect(await answers(3)).toEqual(alone);
});

test("the processes go no further when one piece fails", async () => {
  const isNight = false;
  const worlds = [{ isNight, at: 100_000, bug: undefined }];
  const shared = { kind: "world", pieces: worlds, jobs: 2, onAnswer: () => undefined } as const;
  await expect(share(shared)).rejects.toThrow("there is no world 100000");
});

test("a process that dies in the middle of a piece is an error, not a hole", async () => {
  const job = new Job();
  const lost = job.work("hunt", "no such bug");
  await expect(lost).rejects.toThrow("there is no bug");
  const killed = job.work("hunt", "closed-attempt");
  process.kill(job.pid ?? 0, "SIGKILL");
  await expect(killed).rejects.toThrow("ended (SIGKILL)");
});

test("there are no more processes than pieces, and at least one", () => {
  expect(jobsFor(3, 8)).toBe(3);
  expect(jobsFor(Infinity, 2)).toBe(2);
  expect(jobsFor(0, 4)).toBe(1);
  expect(jobsFor(Infinity, undefined)).toBeGreaterThanOrEqual(1);
});
