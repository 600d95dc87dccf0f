/** What makes an engine one of several on a store: its network, and its part of the options. */
import type { Env, NodeOptions } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { NodeAccess, NodeCertificates } from "./access.ts";
import { SocketNetwork } from "./socket-network.ts";

export interface NodeSettings {
  /** `host:port` to take other nodes' connections at. */
  readonly listen: string;
  /** Where they reach it, if that is another address. */
  readonly advertise?: string;
  /** The same for all nodes, 32 characters at least; or `tls`. */
  readonly secret?: string;
  /** Certificates of an authority that is the cluster's own. */
  readonly tls?: NodeCertificates;
  /** A node that is silent for so long is dead to the others. Default: 2,000. */
  readonly leaseMs?: number;
  /** Between two signs of life. Default: 500. */
  readonly beatMs?: number;
}

export interface OpenedNode {
  readonly options: NodeOptions;
  /** Certificates, where there are some, are read again. */
  reloadTls(): void;
  /** After the engine. */
  close(): Promise<void>;
}

/** `version`: of the software, shown to people. */
export async function openNode(
  settings: NodeSettings,
  version: string,
  env: Env,
): Promise<OpenedNode> {
  const { listen, advertise, leaseMs, beatMs } = settings;
  const network = await SocketNetwork.open({
    listen,
    access: accessOf(settings),
    env,
    ...(advertise === undefined ? {} : { advertise }),
  });
  return {
    options: {
      network,
      address: network.address,
      version,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(beatMs === undefined ? {} : { beatMs }),
    },
    reloadTls: () => network.reloadTls(),
    close: () => network.close(),
  };
}

function accessOf({ secret, tls }: NodeSettings): NodeAccess {
  if (secret !== undefined && tls === undefined) return { secret };
  if (secret === undefined && tls !== undefined) return { tls };
  const text = "A node knows the others by a secret or by certificates: give it one of the two.";
  throw new PerdureError("invalid-argument", text);
}
