/** PostgreSQL's programs, run as the user that they want. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPrograms, programOwner } from "@perdure/store-postgres/testing";

/** One of its programs, to its end; what it prints. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary(program), args, { ...programOwner(), cwd });
  return stdout;
}

/** One of its programs, until it is killed. */
export function begin(program: string, args: readonly string[], cwd: string): ChildProcess {
  return spawn(binary(program), args, { ...programOwner(), cwd, stdio: "ignore" });
}

function binary(program: string): string {
  const programs = findPrograms();
  if (programs === undefined) {
    throw new Error("this needs PostgreSQL: install it with `apt-get install postgresql`");
  }
  return join(programs.folder, program);
}
