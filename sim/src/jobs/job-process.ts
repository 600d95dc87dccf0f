/** A process that does pieces of work, one after the other, until its parent lets it go. */
import type { Answered, Asked } from "./job.ts";
import { work } from "./pieces.ts";

process.on("message", (asked: Asked) => {
  void answer(asked);
});

async function answer({ kind, asked }: Asked): Promise<void> {
  const outcome = await work(kind, asked).then(
    (found) => ({ answer: found }),
    (error: unknown) => ({ error: told(error) }),
  );
  const answered: Answered = { ...outcome, cpuMs: cpuMs() };
  process.send?.(answered);
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Of this process so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
