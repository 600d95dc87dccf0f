/** Looks at each play, compares it with the undisturbed one, and says what is wrong, once. */
import { baseOf } from "../check/edits.ts";
import { undoneBy, type Execution } from "./executions.ts";
import type { CrashOptions } from "./options.ts";
import type { Finding, FindingKind } from "./report.ts";
import { endingText, firstLine, shown, type Halt, type Play } from "./scenario.ts";
import type { Sources } from "./sources.ts";
import { leftBehind, placeOfChange } from "./traces.ts";

type JudgeOptions = Pick<CrashOptions, "readOnly" | "keep" | "compare">;
type Told = Omit<Finding, "times" | "scenario" | "at"> & { readonly at: string | undefined };

export class Judge {
  repeatedSteps = 0;
  undosTaken = 0;
  readonly #baseline: Play;
  readonly #sources: Sources;
  readonly #readOnly: ReadonlySet<string>;
  readonly #keep: ReadonlySet<string>;
  readonly #compare: (ending: unknown) => unknown;
  readonly #findings = new Map<string, Finding & { times: number }>();
  readonly #undoable = new Map<string, { readonly workflow: string; readonly name: string }>();
  readonly #undone = new Set<string>();
  #isRepeatable = true;

  constructor(baseline: Play, sources: Sources, options: JudgeOptions) {
    const { readOnly = [], keep = [], compare = (ending: unknown) => ending } = options;
    this.#baseline = baseline;
    this.#sources = sources;
    this.#readOnly = new Set(readOnly);
    this.#keep = new Set(keep);
    this.#compare = compare;
  }

  ending(play: Play = this.#baseline): string {
    return endingText(play, this.#compare);
  }

  see(play: Play): void {
    for (const { workflow, key } of play.undoable) {
      const name = baseOf(key);
      this.#undoable.set(`${workflow}\n${name}`, { workflow, name });
    }
    this.#seeExecutions(play);
    for (const halt of play.halts) this.#seeHalt(play, halt);
    for (const { workflow, kind, name } of play.unbounded)
      this.#seeWait(play, workflow, kind, name);
    this.#seeEnding(play);
    this.#seeUndos(play);
    if (this.#undoable.size > 0) this.#seeLeftBehind(play);
  }

  findings(): readonly Finding[] {
    for (const [id, { workflow, name }] of this.#undoable) {
      if (this.#undone.has(id)) continue;
      const at = this.#sources.step(workflow, name);
      this.#tell(this.#baseline, {
        kind: "undo-never-taken",
        title: `the undo of step "${name}" was never taken`,
        details: [
          "No failure and no cancellation of this test led to it: it is not known to work.",
        ],
        at,
        fix: "Give an input or answers with which a later step can fail, or drop the undo.",
      });
    }
    return [...this.#findings.values()].toSorted((a, b) => rank(a.kind) - rank(b.kind));
  }

  #seeExecutions(play: Play): void {
    const before = new Map<string, Execution>();
    for (const execution of play.executions) {
      const { id, key, workflow, kind } = execution;
      const undone = undoneBy(key);
      if (undone !== undefined) {
        this.#undone.add(`${this.#workflowOf(play, execution)}\n${baseOf(undone)}`);
        if (execution.hasActed) this.undosTaken += 1;
      }
      const earlier = before.get(id);
      if (execution.hasActed || !earlier) before.set(id, execution);
      if (!earlier?.hasActed) continue;
      this.repeatedSteps += 1;
      if (earlier.isKeyed || execution.isKeyed || this.#readOnly.has(baseOf(key))) continue;
      const name = baseOf(key);
      this.#tell(play, {
        kind: "double-effect",
        title: `${kind} "${name}" acted twice without an idempotency key`,
        details: ["Its function had ended well, the crash took the word of it, and it ran again."],
        at: this.#sources.step(this.#workflowOf(play, { ...execution, workflow }), key),
        fix:
          `Hand the key on to whoever is called: ctx.step("${name}", ({ idempotencyKey }) => …), or ` +
          `use ctx.transaction. If it only reads, say so: readOnly: ["${name}"].`,
      });
    }
  }

  /** A task does not know whose step it is. */
  #workflowOf({ runs }: Play, { workflow, runId }: Execution): string {
    if (workflow !== "") return workflow;
    return runs.find(({ spec }) => spec.runId === runId)?.spec.workflow ?? "";
  }

  #seeHalt(play: Play, { workflow, failure, at }: Halt): void {
    const [title = "", ...details] = failure.message.split("\n");
    this.#tell(play, {
      kind: "nondeterminism",
      title: `${workflow}: ${title}`,
      details: details.map((line) => line.trimEnd()).filter((line) => !/^\s*at: /.test(line)),
      at,
      fix: "Take time, chance and everything from outside through ctx, or do it in a step.",
    });
  }

  #seeWait(play: Play, workflow: string, kind: string, name: string): void {
    const isCall = kind === "call";
    this.#tell(play, {
      kind: "no-timeout",
      title: isCall
        ? `the call of "${name}" has no timeout`
        : `the wait for the ${kind} "${name}" has no timeout`,
      details: ["Where the answer never comes, the run stands there for ever."],
      at: this.#sources.of(workflow, isCall ? "call" : "wait", name),
      fix: isCall
        ? 'Give the call a timeout: ctx.call(workflow, input, { timeout: "1d" }).'
        : kind === "promise"
          ? 'Race it: ctx.race([promise.result, ctx.sleep("3d")]).'
          : 'Say how long: { timeout: "3d" }, and what then: onTimeout, or catch the TimeoutError.',
    });
  }

  #seeEnding(play: Play): void {
    const { type } = play.scenario;
    if (type !== "again" && type !== "kill" && !(type === "gap" && !play.scenario.fail)) return;
    if (play.scenario.cancelAt !== undefined || !play.hasHappened) return;
    // What a halt has done to the ending is told with the halt.
    if (play.halts.length > 0) return;
    const was = this.ending();
    const is = this.ending(play);
    const seen = shown(() => this.#baseline.observed);
    const sees = shown(() => play.observed);
    if (was === is && seen === sees) return;
    const details =
      was === is
        ? [`left alone, the services saw ${seen}`, `here, they saw ${sees}`]
        : [`left alone, it ${was}`, `here, it ${is}`];
    const change = placeOfChange(this.#baseline, play);
    const source = change && this.#sources.anyOf(change.workflow, change.key);
    if (change) details.push(`the first result that differs is that of "${change.key}"`);
    if (type === "again") {
      this.#isRepeatable = false;
      this.#tell(play, {
        kind: "not-repeatable",
        title: "two runs that nothing disturbed ended differently",
        details,
        at: source ?? this.#sources.last(this.#baseline.runs[0]?.spec.workflow ?? ""),
        fix: "Find what outlives a run (a global, a service that remembers) and make it anew: services.",
      });
    } else if (this.#isRepeatable) {
      this.#tell(play, {
        kind: "outcome-differs",
        title:
          was === is
            ? "what the services saw differs after a kill"
            : "the outcome differs after a kill",
        details,
        at: source ?? play.scenario.at,
        fix: "Have that step give the same answer to the same idempotency key, or ctx.transaction.",
      });
    }
  }

  #seeUndos(play: Play): void {
    const { ending } = play;
    if (ending.type !== "parked" && ending.type !== "endless") return;
    const step = ending.key === undefined ? undefined : undoneBy(ending.key);
    if (step === undefined) return;
    const failed = play.executions.findLast(({ key, error }) => key === ending.key && error);
    const message = failed?.error?.message ?? "it cannot succeed";
    this.#tell(play, {
      kind: "undo-failed",
      title: `the undo of step "${baseOf(step)}" failed, and the run is half undone`,
      details: [
        `it failed with: ${firstLine(message)}`,
        ending.type === "parked"
          ? "The run is parked until a person resumes it."
          : "It is tried again without end.",
      ],
      at: this.#sources.step(ending.workflow, step),
      fix: "Make it succeed when there is nothing to take back, and when it was taken back before.",
    });
  }

  #seeLeftBehind(play: Play): void {
    for (const { workflow, key } of leftBehind(play)) {
      const name = baseOf(key);
      if (this.#readOnly.has(name) || this.#keep.has(name)) continue;
      this.#tell(play, {
        kind: "left-behind",
        title: `step "${name}" has no undo, and stays when the run fails`,
        details: ["It had acted before; other steps of this run are taken back, and it is not."],
        at: this.#sources.step(workflow, key),
        fix: `Give it an undo. If its effect is to stay, say so: keep: ["${name}"].`,
      });
    }
  }

  #tell(play: Play, { at, ...told }: Told): void {
    const id = `${told.kind}\n${told.title}`;
    const known = this.#findings.get(id);
    if (known) known.times += 1;
    else {
      const { title } = play.scenario;
      const place = at === undefined ? {} : { at };
      this.#findings.set(id, { ...told, ...place, times: 1, scenario: title });
    }
  }
}

const order: readonly FindingKind[] = [
  "not-repeatable",
  "outcome-differs",
  "double-effect",
  "nondeterminism",
  "undo-failed",
  "left-behind",
  "undo-never-taken",
  "no-timeout",
];

function rank(kind: FindingKind): number {
  return order.indexOf(kind);
}
