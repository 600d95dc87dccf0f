/** A server in this process on a free port of loopback, and keys for it. */
import { systemEnv } from "@perdure/engine";
import { startServer, type Role, type RunningServer, type ServerOptions } from "@perdure/server";

export const quiet = systemEnv({ log: () => undefined });

/** Opens every namespace of every server made here. */
export const adminKey: string = `pdk_${"0".repeat(16)}_${"a".repeat(43)}`;

export interface RealServer extends RunningServer {
  key(role: Role, namespace?: string): Promise<string>;
}

export async function realServer(options: Partial<ServerOptions> = {}): Promise<RealServer> {
  const server = await startServer({
    store: "memory:",
    port: 0,
    env: quiet,
    adminKey,
    ...options,
  });
  const key = async (role: Role, namespace = "default"): Promise<string> =>
    (await server.apiKeys.create({ namespace, role }, "test")).secret;
  return { ...server, key };
}
