/** Restate's server, one node, as its npm package has it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.ts";
import { freePorts, isHealthy } from "./ports.ts";
import type { ServerOptions, ServerUnderTest } from "./server.ts";

/** The binary itself, without the Node process that npm's command is. */
const program = join(
  import.meta.dirname,
  "../../node_modules/@restatedev",
  `restate-server-${process.platform}-${process.arch}/bin/restate-server`,
);

/** The fairest setting on two cores. */
const partitions = "4";

export async function referenceServer(options: ServerOptions): Promise<ServerUnderTest> {
  if (!existsSync(program)) {
    throw new Error("Restate's server is not installed: npm ci --prefix conformance/restate");
  }
  const [ingress, admin, node] = await freePorts(3);
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  const child = new Child({
    file: program,
    args: ["--no-logo"],
    log: join(options.folder, "restate.log"),
    isReady: () => isHealthy(`${adminUrl}/health`, `${ingressUrl}/restate/health`),
    env: {
      PATH: process.env["PATH"],
      RESTATE_NODE_NAME: "conformance",
      RESTATE_BASE_DIR: join(options.folder, "restate"),
      RESTATE_DEFAULT_NUM_PARTITIONS: partitions,
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      // What has expired is looked for each second, so that a scenario can wait for it.
      RESTATE_WORKER__CLEANUP_INTERVAL: "1s",
      RESTATE_LOG_FILTER: "warn",
      RESTATE_DISABLE_TELEMETRY: "true",
      ...(options.identityKeyFile === undefined
        ? {}
        : { RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: options.identityKeyFile }),
    },
  });
  return {
    against: "reference",
    ingressUrl,
    adminUrl,
    start: () => child.start(),
    kill: () => child.end("SIGKILL"),
    stop: () => child.end("SIGTERM"),
    log: () => child.log(),
  };
}
