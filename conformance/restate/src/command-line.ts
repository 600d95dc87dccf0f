/** Restate's command line, as its npm package has it, pointed at the server under test. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { World } from "./world.ts";

const program = join(
  import.meta.dirname,
  "../node_modules/@restatedev",
  `restate-${process.platform}-${process.arch}/bin/restate`,
);

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const timeoutMs = 20_000;

/** Runs it to its end; questions are answered with yes. */
export function commandLine(world: World, ...args: readonly string[]): Promise<Said> {
  const env = {
    PATH: process.env["PATH"],
    // It has no configuration there, and finds none of its user's.
    HOME: tmpdir(),
    RESTATE_CLI_CONFIG_HOME: join(tmpdir(), world.key),
    RESTATE_ADMIN_URL: world.adminUrl,
    RESTATE_INGRESS_URL: world.ingressUrl,
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
  };
  return new Promise((resolve) => {
    execFile(program, ["--yes", ...args], { env, timeout: timeoutMs }, (error, out, err) => {
      const code = typeof error?.code === "number" ? error.code : error ? -1 : 0;
      resolve({ code, out, err });
    });
  });
}
