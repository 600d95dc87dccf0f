/** Shows that a journal replays: from the start, and from where any crash would have left it. */
import type { Command, RunEvent } from "@perdure/kernel";
import { expect } from "vitest";
import type { AnyWorkflow } from "../define/workflow.ts";
import { SingleRun, type SingleRunOptions } from "./single-run.test-support.ts";

/**
 * Replays every prefix of the journal. What the code then asks for must be what the journal goes
 * on with; and after the whole of it, nothing at all.
 */
export async function expectReplays(
  workflow: AnyWorkflow,
  journal: readonly RunEvent[],
  options: SingleRunOptions & { readonly runsAhead?: boolean } = {},
): Promise<void> {
  const recorded = new Map<number, RunEvent>();
  for (const event of journal) {
    if ("ordinal" in event && !recorded.has(event.ordinal)) recorded.set(event.ordinal, event);
  }
  const settledAt = endsOf(journal);
  for (let length = 1; length <= journal.length; length++) {
    const run = await SingleRun.replay(workflow, journal.slice(0, length), options);
    const failures = run.answers.map(({ failure }) => failure?.message).filter(Boolean);
    expect(failures, `the journal up to event ${length}`).toEqual([]);
    const commands = run.answers.flatMap((answer) => answer.commands);
    for (const command of commands) expectOpen(command, settledAt, length);
    // What the code saw ahead of the disk, it may see in another order when it is run again.
    if (!options.runsAhead && !isWithin(journal, length)) {
      for (const command of untilOutcome(commands)) expectAgrees(command, recorded, length);
    }
    if (length === journal.length) {
      expect(commands, "commands after the whole journal").toEqual([]);
    }
    run.kill();
  }
}

/** What follows on the outcome of a step that is run anew is another life's. */
function untilOutcome(commands: readonly Command[]): readonly Command[] {
  const end = commands.findIndex(({ type }) => type === "step.complete");
  return end < 0 ? commands : commands.slice(0, end + 1);
}

/** Is a result missing that the code had seen before the last of these events? */
function isWithin(journal: readonly RunEvent[], length: number): boolean {
  return journal.some(
    (event) =>
      event.kind === "step.completed" &&
      event.given !== undefined &&
      event.given < length &&
      event.seq > length,
  );
}

function expectAgrees(
  command: Command,
  recorded: ReadonlyMap<number, RunEvent>,
  length: number,
): void {
  if (!("ordinal" in command)) return;
  // A further attempt comes under the ordinal of the first.
  if ("attempt" in command && command.attempt > 1) return;
  const event = recorded.get(command.ordinal);
  // The prefix may end before the run had anything to do with what its code asks next.
  if (!event) return;
  const place = `operation ${command.ordinal} after event ${length}`;
  const isNew = event.seq > length;
  expect({ place, isNew }).toEqual({ place, isNew: true });
  if (!("key" in command) || !("key" in event)) return;
  expect({ place, key: command.key }).toEqual({ place, key: event.key });
}

/** Nobody cancels what the journal knows has ended. */
function expectOpen(
  command: Command,
  settledAt: ReadonlyMap<string, number>,
  length: number,
): void {
  if (!command.type.endsWith(".cancel") || !("key" in command)) return;
  const place = `${command.type} ${command.key ?? ""} after event ${length}`;
  const isOpen = (settledAt.get(command.key ?? "") ?? Infinity) > length;
  expect({ place, isOpen }).toEqual({ place, isOpen: true });
}

function endsOf(journal: readonly RunEvent[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const event of journal) {
    const isEnd =
      /\.(completed|abandoned|cancelled|cancelRequested|fired|resolved|timedOut|closed)$/;
    if ("key" in event && event.key !== undefined && isEnd.test(event.kind)) {
      ends.set(event.key, event.seq);
    }
  }
  return ends;
}
