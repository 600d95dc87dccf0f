/** The small worlds: who is in them and what they do, each with every fault. */
import type { Node, Program, StepNode, TaskNode } from "../programs/program.ts";
import { describeFault, faultsFor, type Fault } from "./faults.ts";
import type { WorldShape } from "./small-world.ts";

export interface NamedWorld {
  readonly name: string;
  readonly shape: WorldShape;
}

const step = (op: number): StepNode => ({
  type: "step",
  op,
  failures: 0,
  maxAttempts: 0,
  onExhausted: "fail",
  workMs: 0,
  undo: false,
  durability: "sync",
});

const task = (op: number): TaskNode => ({
  type: "task",
  op,
  failures: 0,
  maxAttempts: 0,
  workMs: 0,
  beats: 0,
  undo: false,
});

const play = (type: "seq" | "all", nodes: readonly Node[]): readonly Program[] => [
  { id: "r1", body: { type, nodes } },
];

/** What is started in a world. Workers do one remote step at a time, so that two need both. */
const plays = {
  "one step": play("seq", [step(1)]),
  "two steps": play("seq", [step(1), step(2)]),
  "two remote steps": play("seq", [task(1), task(2)]),
  "two remote steps at once": play("all", [task(1), task(2)]),
} as const;

type Turns = WorldShape["turns"];

export function worldOf(
  name: keyof typeof plays,
  workers: number,
  fault: Fault,
  turns: Turns = "free",
): NamedWorld {
  return {
    name: `${name}, ${workers} workers: ${describeFault(fault)}`,
    shape: {
      programs: plays[name],
      workers,
      taskSlots: 1,
      runSlots: 2,
      commitsInFlight: 2,
      turns,
      fault,
      isReduced: true,
      isCut: true,
    },
  };
}

export function worldsOf(isNight: boolean): readonly NamedWorld[] {
  return isNight ? worldsOfTheNight() : worldsOfTheDay();
}

/** What `npm test` runs: two workers, two steps, one fault. */
export function worldsOfTheDay(): readonly NamedWorld[] {
  const faults = faultsFor(2);
  return [
    ...faults.map((fault) => worldOf("two steps", 2, fault)),
    ...faults.map((fault) => worldOf("two remote steps", 2, fault, "at once")),
    ...faults
      .filter(isBrief)
      .map((fault) => worldOf("two remote steps at once", 2, fault, "at once")),
  ];
}

/** Three workers, and what is too much for a day. */
export function worldsOfTheNight(): readonly NamedWorld[] {
  const faults = faultsFor(3);
  return [
    ...worldsOfTheDay(),
    ...faultsFor(2).map((fault) => worldOf("two remote steps", 2, fault)),
    ...faults.map((fault) => worldOf("two steps", 3, fault)),
    ...faults.map((fault) => worldOf("two remote steps", 3, fault, "at once")),
    ...faults
      .filter(isBrief)
      .map((fault) => worldOf("two remote steps at once", 3, fault, "at once")),
    ...faultsFor(2)
      .filter((fault) => !isBrief(fault))
      .map((fault) => worldOf("two remote steps at once", 2, fault, "at once")),
  ];
}

/** With steps that go on at once a cut, the end of a lease and a crash of the node take a night. */
function isBrief({ type }: Fault): boolean {
  return type !== "cut" && type !== "lease end" && type !== "node crash";
}
