/**
 * Which addresses the server may call on behalf of a tenant. Everything that is not plainly a public
 * host is forbidden: a list of what is bad would always be one network short.
 */
import { BlockList, isIP } from "node:net";
import { PerdureError } from "@perdure/kernel";
import ipaddr from "ipaddr.js";

/** Public by number, and yet the platform's own: Azure answers credentials there. */
const platformAddresses: ReadonlySet<string> = new Set(["168.63.129.16"]);

/** Undefined: a public host. Otherwise what kind of address it is. */
export function forbiddenKind(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return "no address";
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv6) {
    if (parsed.isIPv4MappedAddress()) return forbiddenKind(parsed.toIPv4Address().toString());
    // Global unicast is 2000::/3 (RFC 4291, section 2.4), and only what is assigned in it.
    const isGlobal = ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000;
    const range = parsed.range();
    if (range !== "unicast") return range;
    return isGlobal ? undefined : "not global";
  }
  const range = parsed.range();
  if (range !== "unicast") return range;
  return platformAddresses.has(parsed.toString()) ? "platform" : undefined;
}

/** What the operator has allowed beside public hosts: addresses, networks and names. */
export class Allowed {
  readonly #networks = new BlockList();
  readonly #names = new Set<string>();
  readonly #setting: string;

  /** `10.1.0.0/16`, `127.0.0.1`, `fd00::/8`, `app.internal`. Throws `invalid-argument`. */
  constructor(entries: readonly string[], setting: string) {
    this.#setting = setting;
    for (const entry of entries) this.#add(entry.trim().toLowerCase());
  }

  name(host: string): boolean {
    return this.#names.has(host.toLowerCase());
  }

  address(address: string): boolean {
    const plain = unmapped(address);
    return this.#networks.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
  }

  #add(entry: string): void {
    const [network = "", bits, ...more] = entry.split("/");
    const family = isIP(network) === 6 ? "ipv6" : "ipv4";
    if (isIP(network) !== 0 && more.length === 0) {
      const longest = family === "ipv6" ? 128 : 32;
      const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
      if (length < 0 || length > longest) throw unreadable(entry, this.#setting);
      this.#networks.addSubnet(network, length, family);
    } else if (bits === undefined && /^[a-z0-9.-]{1,253}$/.test(entry)) this.#names.add(entry);
    else throw unreadable(entry, this.#setting);
  }
}

function unmapped(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : address;
}

function unreadable(entry: string, setting: string): PerdureError {
  const advice = "write an address, a network as in 10.1.0.0/16, or a host's name";
  return new PerdureError("invalid-argument", `${setting}: "${entry}" is none: ${advice}.`);
}
