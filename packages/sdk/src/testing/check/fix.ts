/**
 * What to do about a difference. A guess (renamed, added, removed) is tried on a journal changed
 * accordingly; the one with which the replay gets furthest is what is advised.
 */
import type { RunEvent } from "@perdure/kernel";
import type { WorkflowCode } from "../../define/workflow.ts";
import { describe, type Ask, type Divergence } from "../../runtime/mismatch.ts";
import type { Difference } from "./difference.ts";
import { baseOf, inserted, moved, renamed, without } from "./edits.ts";
import { foldJournal, type Journal } from "./journal.ts";
import { replay, type Replay } from "./replay.ts";

export type Change = "renamed" | "added" | "removed" | "moved" | "replaced" | "none";

export interface Fix {
  /** How the code was changed, as far as it can be told. */
  readonly change: Change;
  readonly text: string;
  /** What to write in its place. */
  readonly snippet?: string;
}

export async function fixFor(
  code: WorkflowCode,
  journal: Journal,
  found: Replay,
  difference: Difference,
): Promise<Fix> {
  const divergence = found.halt?.divergence;
  switch (divergence?.type) {
    case "other":
      return fixOther(code, journal, found, divergence);
    case "unasked":
      return fixUnasked(divergence);
    case "strayed":
      return {
        change: "none",
        text:
          "Move what it waits for (a timer, a network call, a file) into a step's function: " +
          "a replay repeats only what the journal holds. Use ctx outside of steps' functions.",
        snippet: 'const result = await ctx.step("load", () => whatItWaitsFor());',
      };
    default:
      return difference.type === "end"
        ? { change: "none", text: "Have the code take what older runs recorded as well." }
        : { change: "none", text: "Keep the code of that version until no run needs it any more." };
  }
}

type DivergenceOf<T> = Extract<Divergence, { type: T }>;

async function fixOther(
  code: WorkflowCode,
  journal: Journal,
  found: Replay,
  { ordinal, recorded, asked }: DivergenceOf<"other">,
): Promise<Fix> {
  if (!recorded) return replaced(undefined, asked);
  const { events } = journal;
  const isLater = events.some((event) => isOperation(event, asked.key) && event.seq > 0);
  const guesses: [Change, RunEvent[] | undefined][] = isLater
    ? [
        ["removed", without(events, ordinal, recorded.key)],
        ["moved", moved(events, ordinal, asked.key)],
      ]
    : [
        [
          "renamed",
          recorded.kind === asked.kind
            ? renamed(events, baseOf(recorded.key), baseOf(asked.key))
            : undefined,
        ],
        ["added", inserted(events, ordinal, asked, found.applied)],
      ];
  let best: { change: Change; reach: number } = {
    change: isLater ? "moved" : "replaced",
    reach: 1,
  };
  for (const [change, edited] of guesses) {
    if (!edited) continue;
    const reach = await reachOf(code, journal, edited, found.agreed, change);
    if (reach > best.reach) best = { change, reach };
  }
  return worded(best.change, recorded, asked);
}

function isOperation(event: RunEvent, key: string): boolean {
  return "ordinal" in event && "key" in event && event.key === key;
}

/** Operations on which code and the changed journal agree, past those before. */
async function reachOf(
  code: WorkflowCode,
  journal: Journal,
  events: readonly RunEvent[],
  agreed: number,
  change: Change,
): Promise<number> {
  try {
    const { through } = foldJournal(journal);
    const { halt, agreed: reached } = await replay(code, { ...journal, events }, through);
    // A removed operation is one less to agree on.
    const reach = reached - agreed + (change === "removed" ? 1 : 0);
    return halt ? reach : reach + 1;
  } catch {
    return 0;
  }
}

function worded(change: Change, recorded: Ask, asked: Ask): Fix {
  const was = callOf(recorded);
  const is = callOf(asked);
  const name = (ask: Ask) => slug(baseOf(ask.key) || ask.kind);
  switch (change) {
    case "renamed": {
      const [from, to] = [baseOf(recorded.key), baseOf(asked.key)];
      return {
        change,
        text: `${asked.kind} "${from}" seems to be called "${to}" now. Give it its old name back, or keep the old name for runs that have it:`,
        snippet: `const name = ctx.patched("rename-${name(recorded)}") ? ${quoted(to)} : ${quoted(from)};`,
      };
    }
    case "added":
      return {
        change,
        text: `${describe(asked)} is new in the code. Runs that are past this place never had it; guard it:`,
        snippet: `if (ctx.patched("add-${name(asked)}")) {\n  ${is}\n}`,
      };
    case "removed":
      return {
        change,
        text: `${describe(recorded)} is gone from the code. Put it back, for the runs that have it:`,
        snippet: `if (!ctx.patched("remove-${name(recorded)}")) {\n  ${was} // as it was\n}`,
      };
    case "moved":
      return {
        change,
        text: `${describe(asked)} came later before. Put the calls back in their old order, or keep both orders:`,
        snippet: `if (ctx.patched("move-${name(asked)}")) {\n  // the new order: ${is}\n} else {\n  // the old order: ${was}\n}`,
      };
    default:
      return replaced(recorded, asked);
  }
}

function replaced(recorded: Ask | undefined, asked: Ask): Fix {
  const id = slug(baseOf(recorded?.key ?? asked.key) || asked.kind);
  const was = recorded ? callOf(recorded) : "// the code as it was";
  return {
    change: "replaced",
    text: `${recorded ? describe(recorded) : "What was there"} was replaced. Put it back, or keep it for the runs that have it:`,
    snippet: `if (ctx.patched("replace-${id}")) {\n  ${callOf(asked)}\n} else {\n  ${was}\n}`,
  };
}

function fixUnasked({ recorded, how }: DivergenceOf<"unasked">): Fix {
  const rested =
    how === "came to rest"
      ? " If the code awaits something that is not of ctx (a timer, a network call), do that in a step."
      : "";
  if (!recorded) return { change: "none", text: `Put back what the code did there.${rested}` };
  const id = slug(baseOf(recorded.key) || recorded.kind);
  return {
    change: "removed",
    text: `${describe(recorded)} is not asked for any more. Put it back, for the runs that have it:${rested}`,
    snippet: `if (!ctx.patched("remove-${id}")) {\n  ${callOf(recorded)} // as it was\n}`,
  };
}

/** The call as it is written in a workflow. */
function callOf({ kind, key, detail }: Ask): string {
  const name = baseOf(key);
  switch (kind) {
    case "step":
      return `await ctx.step(${quoted(name)}, …);`;
    case "task":
      return `await ctx.run(${detail}, …);`;
    case "timer":
      return name === "sleep"
        ? "await ctx.sleep(…);"
        : `await ctx.sleep(…, { name: ${quoted(name)} });`;
    case "wait":
      return detail.startsWith("event ")
        ? `await ctx.waitForEvent(${quoted(name)}, …);`
        : `await ctx.waitFor(${quoted(name)}, …);`;
    case "call":
      return `await ctx.call(${detail}, …);`;
    case "message":
      return `ctx.${detail === "start" ? "send" : detail}(…);`;
    case "state write":
      return `ctx.state.set(${quoted(name)}, …);`;
    case "state clear":
      return "ctx.state.clear(…);";
    case "attributes":
      return "ctx.attributes({ … });";
    case "value":
      return name === "now"
        ? "ctx.now();"
        : `ctx.patched(${quoted(name.replace(/^version:/, ""))});`;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^-+|-+$/g, "") || "change";
}
