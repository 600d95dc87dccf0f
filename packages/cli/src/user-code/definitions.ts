/** What a user's file defines: everything it exports that is a workflow, a task or an object. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PerdureError } from "@perdure/kernel";
import type { AnyTask, AnyWorkflow, ObjectDefinition } from "perdure";

export interface UserFile {
  readonly workflows: readonly AnyWorkflow[];
  readonly tasks: readonly AnyTask[];
  readonly objects: readonly ObjectDefinition[];
  /** All that it exports, by name. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Runs the file: only in a process that may end with it. */
export async function loadUserFile(file: string): Promise<UserFile> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new PerdureError("not-found", `There is no file ${file}: check the path.`);
  }
  const exports = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  // Lists are exported as well, and the same definition under two names.
  const values = [...new Set(Object.values(exports).flat())];
  return {
    workflows: values.filter((value): value is AnyWorkflow => isDefinition(value, "workflow")),
    tasks: values.filter((value): value is AnyTask => isDefinition(value, "task")),
    objects: values.filter((value): value is ObjectDefinition => isDefinition(value, "object")),
    exports,
  };
}

function isDefinition(value: unknown, type: string): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { readonly type?: unknown }).type === type &&
    typeof (value as { readonly name?: unknown }).name === "string"
  );
}
