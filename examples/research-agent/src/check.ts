/** What must hold at the end: everything done once, however often the agent died. */
import type { AgentMessage, CrashPoint } from "./config.ts";
import type { ModelStats } from "./scripted/model-server.ts";
import { turnCount } from "./scripted/script.ts";
import type { Note } from "./tools/notes.ts";

export interface Ending {
  readonly done: Extract<AgentMessage, { type: "done" }>;
  readonly lives: number;
  readonly crashAfter: CrashPoint;
  readonly notes: readonly Note[];
  readonly report: string | undefined;
  /** Of the scripted server; undefined when the real service was asked, which tells no figures. */
  readonly stats: ModelStats | undefined;
}

/** Each line says what was found, and what was expected if that is something else. */
export interface Check {
  readonly ok: boolean;
  readonly text: string;
}

export function checksOf(ending: Ending): Check[] {
  const { done, notes, report, stats } = ending;
  return [
    same("notes on disk, one for each take_note step", done.steps["take_note"] ?? 0, notes.length),
    same("the report is on disk", done.published, report !== undefined),
    ...(stats === undefined ? [] : [...crashChecks(ending), ...modelChecks(done, stats)]),
  ];
}

/** Only for the scripted model: a real one may not use the tool after which the agent dies. */
function crashChecks({ done, lives, crashAfter }: Ending): Check[] {
  if (crashAfter === "none") return [same("lives of the agent's process", 1, lives)];
  const told = done.maybeRan.some((key) => key.split("#")[0] === crashAfter);
  return [
    same("lives of the agent's process", 2, lives),
    same(`the journal says that ${crashAfter} may have run twice`, true, told),
  ];
}

function modelChecks({ steps }: Ending["done"], stats: ModelStats): Check[] {
  const { calls, failed, repeated, completed } = stats;
  return [
    same("model steps in the journal", turnCount, steps["model"]),
    same("replies that the model thought about (and would charge for)", turnCount, completed),
    same("replies that it was asked for twice", 0, repeated),
    same("calls it answered, beside those it failed on purpose", turnCount, calls - failed),
  ];
}

function same(what: string, expected: unknown, found: unknown): Check {
  const ok = expected === found;
  const text = `${what}: ${String(found)}`;
  return { ok, text: ok ? text : `${text}, expected ${String(expected)}` };
}
