/** `host:port`, as nodes tell each other where they are; an IPv6 address stands in brackets. */
import { isIPv6 } from "node:net";
import { PerdureError } from "@perdure/kernel";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;
const everywhere: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** `what` names the setting in the error, as in "node.listen". */
export function hostPortOf(address: string, what: string): HostPort {
  const [, inner, name, digits] = ADDRESS.exec(address) ?? [];
  const host = inner ?? name;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535 && (inner === undefined || isIPv6(inner))) {
    return { host, port };
  }
  const shown = address.slice(0, 200);
  const text = `${what} is "${shown}": write a host and a port, as in "10.0.0.7:7400" or "[::1]:7400".`;
  throw new PerdureError("invalid-argument", text);
}

export function addressOf({ host, port }: HostPort): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** All addresses of the machine: others cannot dial that. */
export function isEverywhere({ host }: HostPort): boolean {
  return everywhere.has(host);
}
