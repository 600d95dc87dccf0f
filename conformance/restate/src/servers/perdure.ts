/** `perdure start --restate` from the checkout's sources, on SQLite. */
import { join } from "node:path";
import { Child } from "./child.ts";
import { freePorts, isHealthy } from "./ports.ts";
import type { ServerOptions, ServerUnderTest } from "./server.ts";

const program = join(import.meta.dirname, "../../../../packages/cli/src/from-source.ts");

export async function perdureServer(options: ServerOptions): Promise<ServerUnderTest> {
  const [ingress, admin, own] = await freePorts(3);
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  const store = `sqlite:${join(options.folder, "perdure.db")}`;
  const child = new Child({
    file: process.execPath,
    args: [
      "--conditions=perdure-source",
      program,
      "start",
      "--insecure",
      "--restate",
      `--restate-ingress-port=${ingress}`,
      `--restate-admin-port=${admin}`,
      `--port=${own}`,
      ...(options.identityKeyFile === undefined
        ? []
        : [`--restate-identity-key-file=${options.identityKeyFile}`]),
    ],
    log: join(options.folder, "perdure.log"),
    isReady: () => isHealthy(`${adminUrl}/health`, `${ingressUrl}/restate/health`),
    env: {
      PATH: process.env["PATH"],
      HOME: options.folder,
      PERDURE_STORE: store,
      // Restate's server answers pages of any origin, ours those that are named.
      PERDURE_RESTATE_ALLOWED_ORIGINS: "*",
    },
  });
  return {
    against: "perdure",
    ingressUrl,
    adminUrl,
    start: () => child.start(),
    kill: () => child.end("SIGKILL"),
    stop: () => child.end("SIGTERM"),
    log: () => child.log(),
  };
}
