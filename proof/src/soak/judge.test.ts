import { describe, expect, test } from "vitest";
import { isFlat, livesOf, type Sample } from "./judge.ts";

const MIB = 2 ** 20;

describe("a soak", () => {
  test("is flat when what is left after collections stays, whatever the warming up took", () => {
    const [life] = livesOf(samples((minute) => (minute < 1 ? 20 : 60) * MIB));
    expect(life && isFlat(life)).toBe(true);
  });

  test("is not flat when a little is left over every minute", () => {
    const [life] = livesOf(samples((minute) => (60 + 3 * minute) * MIB));
    expect(life && isFlat(life)).toBe(false);
  });

  test("says nothing of a life that was too short", () => {
    expect(livesOf(samples(() => MIB).slice(0, 8))).toEqual([]);
  });

  test("looks at each life of the server alone", () => {
    const later = samples(() => 90 * MIB).map((one) => ({ ...one, life: 2, atMs: one.atMs + 6e5 }));
    const lives = livesOf([...samples(() => 60 * MIB), ...later]);
    expect(lives.map(({ life, heapBytes }) => [life, heapBytes[1] / MIB])).toEqual([
      [1, 60],
      [2, 90],
    ]);
  });
});

/** Ten minutes, six times a minute. */
function samples(heapOf: (minute: number) => number): Sample[] {
  return Array.from({ length: 60 }, (_, i) => ({
    atMs: i * 10_000,
    life: 1,
    done: i * 100,
    heapBytes: heapOf(i / 6),
    rssBytes: 0,
    externalBytes: 0,
    storeBytes: 0,
    logBytes: 0,
    liveStreams: 0,
    alarms: 0,
    requests: 0,
    commits: 0,
    events: 0,
    cpuMs: 0,
  }));
}
