/**
 * Users' code runs in a process of its own: it may loop for ever, end the process, or use up the
 * memory, and the command line has to be there afterwards to say so.
 *
 * A child is told its job in one message and answers with progress, and one report or error. What
 * users' code prints goes to standard error: standard output is the report's.
 */
import { fork } from "node:child_process";
import { extname } from "node:path";
import { PerdureError, type ErrorCode } from "@perdure/kernel";

/** What a child says. */
export type Word<Report> =
  | { readonly type: "progress"; readonly text: string; readonly fraction?: number }
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string };

export interface ChildOptions {
  readonly onProgress: (text: string, fraction: number | undefined) => void;
  readonly interrupted: AbortSignal;
  /** Silence for so long means that its code does not give the thread back. */
  readonly patienceMs: number;
}

/** `name` is the file `<name>-process` beside this one. */
export async function runChild<Report>(
  name: "check" | "crash-test",
  job: object,
  options: ChildOptions,
): Promise<Report> {
  const url = new URL(`./${name}-process${extname(import.meta.url)}`, import.meta.url);
  const child = fork(url, { stdio: ["ignore", 2, "inherit", "ipc"] });
  const ended = Promise.withResolvers<Report>();
  let doing = "it loaded the file";
  const hang = (): void => {
    child.kill("SIGKILL");
    const seconds = Math.round(options.patienceMs / 1_000);
    const text = `The code did not come to an end within ${seconds} s while ${doing}: a loop without an await?`;
    ended.reject(new PerdureError("deadline-exceeded", text));
  };
  let alarm = setTimeout(hang, options.patienceMs);
  const interrupt = (): void => void child.kill("SIGKILL");
  options.interrupted.addEventListener("abort", interrupt);
  child.on("message", (word: Word<Report>) => {
    clearTimeout(alarm);
    if (word.type === "progress") {
      doing = word.text;
      alarm = setTimeout(hang, options.patienceMs);
      options.onProgress(word.text, word.fraction);
    } else if (word.type === "report") ended.resolve(word.report);
    else ended.reject(new PerdureError(word.code, word.message));
  });
  child.on("error", (error) => ended.reject(error));
  child.on("exit", (code, signal) => {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const text = `The file ended its process ${how} while ${doing}: a module to check must not.`;
    ended.reject(new PerdureError("invalid-argument", text));
  });
  child.send(job);
  try {
    return await ended.promise;
  } finally {
    clearTimeout(alarm);
    options.interrupted.removeEventListener("abort", interrupt);
    child.kill("SIGKILL");
  }
}

/** The child's side: does the one job it is told, and leaves. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the parent sends a job of it
export function serveParent<Job>(
  work: (job: Job, progress: (text: string, fraction?: number) => void) => Promise<object>,
): void {
  const say = (word: Word<object>, then: () => void = () => undefined): void => {
    process.send?.(word, then);
  };
  const leave = (): never => process.exit(0);
  process.once("message", (job: Job) => {
    work(job, (text, fraction) =>
      say({ type: "progress", text, ...(fraction === undefined ? {} : { fraction }) }),
    ).then(
      (report) => say({ type: "report", report }, leave),
      (error: unknown) => say({ type: "error", ...wordsOf(error) }, leave),
    );
  });
}

function wordsOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (error instanceof PerdureError) return { code: error.code, message: error.message };
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const at = stack
    .split("\n")
    .find((line) => /^\s+at .*(file:|\/)/.test(line) && !line.includes("node:"));
  const place = at === undefined ? "" : `\n${at.trim()}`;
  return { code: "invalid-argument", message: `The file cannot be loaded: ${message}${place}` };
}
