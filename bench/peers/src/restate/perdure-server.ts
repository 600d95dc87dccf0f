/** Perdure's server with Restate's doors open, from this repository's sources. */
import { join } from "node:path";
import { storeBytes, storeFile } from "../../../src/ours/files.ts";
import { startServer } from "../../../src/servers/server-process.ts";
import { freePorts, isHealthy, type ProtocolServer } from "./server.ts";

const program = join(import.meta.dirname, "../../../../packages/cli/src/from-source.ts");

export async function startPerdure(folder: string): Promise<ProtocolServer> {
  const [ingress, admin] = await freePorts(2);
  const adminUrl = `http://127.0.0.1:${admin}`;
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  const server = await startServer({
    program: process.execPath,
    args: [
      "--conditions=perdure-source",
      program,
      "start",
      "--insecure",
      "--port=0",
      `--store=sqlite:${storeFile(folder)}`,
      "--restate",
      `--restate-ingress-port=${ingress}`,
      `--restate-admin-port=${admin}`,
    ],
    log: join(folder, "perdure.log"),
    isReady: () => isHealthy(`${adminUrl}/health`, `${ingressUrl}/restate/health`),
    options: { cwd: folder, env: { ...process.env, NODE_ENV: "production" } },
  });
  return {
    ingressUrl,
    adminUrl,
    process: { name: "perdure", pid: server.pid },
    bytes: () => storeBytes(folder),
    stop: () => server.stop("SIGTERM"),
  };
}
