/** What is done to a run in one scenario, and how it ended. */
import type { Failure, Outcome, RunEvent, RunId, RunSpec, RunState } from "@perdure/kernel";
import { decode } from "../../payload.ts";
import type { Divergence } from "../../runtime/mismatch.ts";
import { messageOf } from "../check/journal.ts";
import type { Execution, StepFaults } from "./executions.ts";

export type ScenarioType =
  | "undisturbed"
  | "again"
  | "kill"
  | "gap"
  | "fail"
  | "cancel"
  | "unanswered";

export interface Scenario extends StepFaults {
  readonly type: ScenarioType;
  readonly title: string;
  /** The process dies when so many events of runs are durable. */
  readonly killAfter?: number;
  /** The run is cancelled when it has come to rest for the so many-th time. */
  readonly cancelAt?: number;
  /** File and line that the scenario is about. */
  readonly at?: string | undefined;
}

export function isFault({ type }: Scenario): boolean {
  return type === "kill" || type === "gap" || type === "fail" || type === "cancel";
}

export type Ending =
  | { readonly type: "closed"; readonly outcome: Outcome }
  /** Paused, and a person has to look. */
  | {
      readonly type: "parked";
      readonly workflow: string;
      readonly reason: string;
      readonly message: string;
      readonly key: string | undefined;
    }
  /** Nothing will ever happen by itself. */
  | { readonly type: "stuck"; readonly on: readonly string[] }
  /** It was still trying when the test gave up. */
  | { readonly type: "endless"; readonly workflow: string; readonly key: string | undefined };

export interface RunRecord {
  readonly spec: RunSpec;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
}

/** What became durable together. */
export interface Commit {
  readonly events: readonly {
    readonly runId: RunId;
    readonly from: number;
    readonly count: number;
  }[];
  /** Events of runs that are durable with it. */
  readonly total: number;
}

export interface Unbounded {
  readonly workflow: string;
  readonly kind: "signal" | "promise" | "event" | "call";
  readonly name: string;
}

export interface Halt {
  readonly workflow: string;
  readonly failure: Failure;
  readonly divergence: Divergence | undefined;
  readonly at: string | undefined;
}

/** Everything that one scenario has shown. */
export interface Play {
  readonly scenario: Scenario;
  readonly ending: Ending;
  /** The fault of the scenario came to pass. */
  readonly hasHappened: boolean;
  readonly runs: readonly RunRecord[];
  readonly executions: readonly Execution[];
  readonly commits: readonly Commit[];
  readonly rests: number;
  readonly answers: number;
  readonly unbounded: readonly Unbounded[];
  readonly halts: readonly Halt[];
  /** Steps with an undo that succeeded: workflow and key. */
  readonly undoable: readonly { readonly workflow: string; readonly key: string }[];
  /** What `observe` saw at the end. */
  readonly observed: unknown;
  readonly virtualMs: number;
}

/** How it ended, in a form that is the same in every scenario where it ended the same way. */
export function endingText(play: Play, compare: (ending: unknown) => unknown): string {
  const { ending } = play;
  const text = wordsOf(ending, compare);
  // Runs have other ids each time; what is said about them must not differ for that.
  return play.runs.reduce(
    (words, { spec }, index) => words.replaceAll(spec.runId, `<run ${index + 1}>`),
    text,
  );
}

function wordsOf(ending: Ending, compare: (ending: unknown) => unknown): string {
  switch (ending.type) {
    case "closed":
      return outcomeText(ending.outcome, compare);
    case "parked":
      return `was paused (${ending.reason}): ${firstLine(ending.message)}`;
    case "stuck":
      return `stands still: ${ending.on.join(", ")}`;
    case "endless":
      return `goes on without end${ending.key === undefined ? "" : ` at "${ending.key}"`}`;
  }
}

function outcomeText(outcome: Outcome, compare: (ending: unknown) => unknown): string {
  if (outcome.status === "completed") {
    return `completed with ${shown(() => compare(decode(outcome.output)))}`;
  }
  if (outcome.status === "continued") return "continued as another run";
  const { code, message } = outcome.failure;
  return `${outcome.status} with ${code}: ${firstLine(message)}`;
}

export function shown(value: () => unknown): string {
  try {
    return JSON.stringify(value()) ?? "nothing";
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
