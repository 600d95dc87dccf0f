/**
 * The outbound guard (trap T12): where a tenant's URL may lead the server.
 *
 * O1  It is the address that is dialled that is judged, at every connection, and the connection goes
 *     to that very address: a name that resolves to another one a moment later gains nothing.
 * O2  Addresses in a URL are judged like those that a name resolves to.
 * O3  Redirects are never followed: undici does not, and a 3xx answer is a failure.
 * O4  Plain http, and forbidden addresses, only where the operator has allowed the target.
 */
import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { PerdureError } from "@perdure/kernel";
import { buildConnector } from "undici";
import { Allowed, forbiddenKind } from "./addresses.ts";

export interface OutboundOptions {
  /** Targets allowed beside public https: see `Allowed`. */
  readonly allow?: readonly string[];
  /** All addresses of a name; default: this machine's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  readonly connectMs: number;
  /** The setting that holds `allow`, for errors. */
  readonly setting?: string;
}

/** Addresses of one name that are tried, one after the other. */
const MAX_TRIES = 4;
/** Ports of other protocols, which an HTTP request could be made to speak (fetch standard, 2.9). */
const badPorts: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10080,
]);

/** The connection was not made: the request has reached nobody. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
  /** The guard forbids it: trying again is no use. */
  readonly isForbidden: boolean;

  constructor(message: string, isForbidden: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.isForbidden = isForbidden;
  }
}

export class OutboundGuard {
  readonly connect: buildConnector.connector;
  readonly #allowed: Allowed;
  readonly #resolve: NonNullable<OutboundOptions["resolve"]>;
  readonly #dial: buildConnector.connector;
  readonly #setting: string;

  constructor(outbound: OutboundOptions) {
    const { allow = [], resolve = addressesOf, connectMs, setting = "push.allow" } = outbound;
    this.#setting = setting;
    this.#allowed = new Allowed(allow, setting);
    this.#resolve = resolve;
    this.#dial = buildConnector({ timeout: connectMs, allowH2: false });
    this.connect = (options, callback) => {
      this.#connect(options).then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(asNotConnected(error, options.hostname), null),
      );
    };
  }

  /** Looks at a URL when it is given; what its name resolves to is looked at when it is dialled. */
  check(text: string): URL {
    const url = URL.parse(text);
    if (!url) throw this.#refused(`"${text.slice(0, 200)}" is no URL`);
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      throw this.#refused(`"${url.protocol}" is neither http: nor https:`);
    }
    if (url.username || url.password) throw this.#refused("it has a user name or a password in it");
    if (url.hash) throw this.#refused("it has a fragment, which is not sent");
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const isUsual = port === 80 || port === 443 || (port >= 1024 && !badPorts.has(port));
    if (!isUsual) throw this.#refused(`port ${port} is not one for web apps`);
    const host = bare(url.hostname);
    if (isIP(host) !== 0) this.#judge(host, host, url.protocol);
    else if (isLocalName(host) && !this.#allowed.name(host)) {
      // Its address may be allowed, which is seen when it is dialled.
      if (!this.#allowed.address("127.0.0.1")) throw this.#refused(forbids(host, "loopback"));
    }
    return url;
  }

  /**
   * The addresses of an origin that may be dialled, for a connection that somebody else makes to one
   * of them. Throws `forbidden` where there is none.
   */
  async addresses(origin: URL): Promise<readonly string[]> {
    const url = this.check(origin.href);
    const host = bare(url.hostname);
    const found = isIP(host) === 0 ? await this.#resolve(host) : [host];
    const refusals = found.map((address) => this.#refusal(host, address, url.protocol));
    const allowed = found.filter((_, at) => refusals[at] === undefined);
    const [refusal] = refusals;
    if (allowed.length === 0 && refusal !== undefined) throw refusal;
    return allowed.slice(0, MAX_TRIES);
  }

  async #connect(options: buildConnector.Options): Promise<Socket> {
    const host = bare(options.hostname);
    const addresses = isIP(host) === 0 ? await this.#resolve(host) : [host];
    let last: unknown = new NotConnected(`${host} has no address`, false);
    for (const address of addresses.slice(0, MAX_TRIES)) {
      try {
        this.#judge(host, address, options.protocol);
        return await this.#open(options, host, address);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #judge(host: string, address: string, protocol: string): void {
    const refusal = this.#refusal(host, address, protocol);
    if (refusal !== undefined) throw refusal;
  }

  #refusal(host: string, address: string, protocol: string): PerdureError | undefined {
    const isAllowed = this.#allowed.name(host) || this.#allowed.address(address);
    if (isAllowed) return undefined;
    const kind = forbiddenKind(address);
    if (kind !== undefined) {
      return this.#refused(forbids(address === host ? host : `${host} (${address})`, kind));
    }
    return protocol === "http:"
      ? this.#refused(`plain http to ${host} can be read and altered: use https`)
      : undefined;
  }

  #refused(why: string): PerdureError {
    const setting = this.#setting;
    const advice = `an operator can allow a target in the server's configuration under ${setting}`;
    return new PerdureError("forbidden", `The URL is refused: ${why}; ${advice}.`);
  }

  #open(options: buildConnector.Options, host: string, address: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const { servername: _, ...rest } = options;
      const name = options.protocol === "https:" && isIP(host) === 0 ? { servername: host } : {};
      this.#dial({ ...rest, ...name, hostname: address }, (error, socket) => {
        if (error || !socket) reject(error ?? new Error("no socket"));
        else resolve(socket);
      });
    });
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function isLocalName(host: string): boolean {
  return /(^|\.)localhost$/i.test(host);
}

function forbids(target: string, kind: string): string {
  return `${target} is not a public host (${kind})`;
}

function asNotConnected(error: unknown, host: string): NotConnected {
  if (error instanceof NotConnected) return error;
  const isForbidden = error instanceof PerdureError;
  const reason = error instanceof Error ? error.message : String(error);
  const text = isForbidden ? reason : `no connection to ${host}: ${reason || codeOf(error)}`;
  return new NotConnected(text, isForbidden, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "it was refused";
}
