import { Command } from "commander";
import type { CommandOf } from "../command.ts";
import { candidates, type Candidates } from "../completion/candidates.ts";
import type { Context } from "../context.ts";

/** More would not fit a screen. */
const IDS = 20;
/** Nobody waits longer after a Tab. */
const PATIENCE_MS = 800;

/** Not shown in the help: shells ask it. */
export const complete: CommandOf = (choose) => {
  const command = new Command("complete")
    .description("what may come next on a command line; shells ask it")
    .argument("[words...]", "what is typed so far, the last word being written");
  return command.action((words: readonly string[]) => {
    const root = command.parent ?? command;
    choose(async (context) => {
      const { words: found, ids } = candidates(root, words);
      const known = ids === undefined ? [] : await idsWithin(context, ids);
      const last = words.at(-1) ?? "";
      context.out.lines([...found, ...known.filter((id) => id.startsWith(last))]);
    });
  });
};

/** A server that is slow or away completes nothing; it is no time for errors. */
async function idsWithin(context: Context, ids: NonNullable<Candidates["ids"]>): Promise<string[]> {
  const late = Promise.withResolvers<string[]>();
  const timer = setTimeout(() => late.resolve([]), PATIENCE_MS);
  try {
    return await Promise.race([idsOf(context, ids), late.promise]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

async function idsOf(context: Context, ids: NonNullable<Candidates["ids"]>): Promise<string[]> {
  const engine = await context.engine();
  const { namespace } = context;
  if (ids === "run") {
    const { rows } = await engine.list({ namespace, limit: IDS });
    return rows.map(({ runId }) => runId);
  }
  const { schedules } = await engine.listSchedules(namespace, { limit: IDS });
  return schedules.map(({ spec }) => spec.id);
}
