/** Crash-tests a workflow of a user's file; started by `perdure crash-test`. */
import { PerdureError, type Json } from "@perdure/kernel";
import type { AnyWorkflow } from "perdure";
import { crashTest, type CrashOptions } from "perdure/testing";
import { serveParent } from "./child.ts";
import { loadUserFile, type UserFile } from "./definitions.ts";

export interface CrashJob {
  readonly file: string;
  readonly workflow?: string;
  readonly input?: Json;
  readonly maxRuns?: number;
}

serveParent<CrashJob>(async ({ file, workflow: name, input, maxRuns }, progress) => {
  progress("loading the file");
  const user = await loadUserFile(file);
  const workflow = chosen(file, user, name);
  return crashTest(workflow, {
    ...optionsIn(user),
    ...(input === undefined ? {} : { input }),
    ...(maxRuns === undefined ? {} : { maxRuns }),
    workflows: user.workflows.filter((other) => other !== workflow),
    tasks: user.tasks,
    objects: user.objects,
    onProgress: ({ done, total, scenario }) =>
      progress(`scenario ${done} of ${total}: ${scenario}`, done / total),
  });
});

function chosen(file: string, { workflows }: UserFile, name: string | undefined): AnyWorkflow {
  const [only, second] = workflows;
  const names = workflows.map((one) => one.name).join(", ");
  if (name !== undefined) {
    const named = workflows.find((one) => one.name === name);
    if (named) return named;
    const text = `${file} exports no workflow "${name}"; it exports: ${names || "none"}.`;
    throw new PerdureError("not-found", text);
  }
  if (only && second === undefined) return only;
  const text = only
    ? `${file} exports several workflows: say --workflow, one of ${names}.`
    : `${file} exports no workflow: export what workflow() returns.`;
  throw new PerdureError("invalid-argument", text);
}

/** `export const crashTest = { answers, signals, readOnly, … }` beside the workflow. */
function optionsIn({ exports }: UserFile): CrashOptions {
  const options = exports["crashTest"];
  return typeof options === "object" && options !== null ? options : {};
}
