/** What makes a server one of several on a store, as flags. */
import type { ConfigInput } from "@perdure/server";
import type { Command } from "commander";

export interface NodeFlags {
  readonly nodeListen?: string;
  readonly nodeAdvertise?: string;
  readonly nodeSecretFile?: string;
}

export function withNodeFlags(command: Command): Command {
  return command
    .option("--node-listen <address>", "host:port for other servers of the same store")
    .option("--node-advertise <address>", "where they reach it, if that is another address")
    .option("--node-secret-file <file>", "the secret that all of them have");
}

export function nodeSettings({
  nodeListen: listen,
  nodeAdvertise: advertise,
  nodeSecretFile: secretFile,
}: NodeFlags): { readonly node?: NonNullable<ConfigInput["node"]> & { secretFile?: string } } {
  const node = {
    ...(listen === undefined ? {} : { listen }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(secretFile === undefined ? {} : { secretFile }),
  };
  return Object.keys(node).length === 0 ? {} : { node };
}
