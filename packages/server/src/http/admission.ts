/**
 * Who gets in: the same steps for a request and for an upgrade. The target and the header are looked
 * at as they came; then the credential, its rate, and whether its role may do this.
 */
import type { IncomingMessage } from "node:http";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { checkRole, type Authenticator } from "../access/authenticate.ts";
import type { Caller } from "../access/caller.ts";
import type { Role } from "../access/roles.ts";
import { Vigil } from "../access/vigil.ts";
import type { ServerLimits } from "../limits.ts";
import { Rates } from "./rates.ts";
import { Stays } from "./stays.ts";
import { checkTarget } from "./target.ts";

export interface AdmissionParts {
  readonly env: Env;
  readonly limits: ServerLimits;
  readonly authenticator: Authenticator;
  /** Throws when a browser's page may have sent this (trap T10). */
  readonly checkOrigin: (request: IncomingMessage) => void;
  /** What a path may hold; default: what paths of the API hold. */
  readonly checkTarget?: (target: string, maxChars: number) => void;
}

export class Admission {
  readonly live: Stays;
  readonly sockets: Stays;
  readonly #vigil: Vigil;
  readonly #parts: AdmissionParts;
  readonly #rates: Rates;
  readonly #strangers: Rates;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    const { limits, env, authenticator } = parts;
    this.#vigil = new Vigil({ env, authenticator, everyMs: limits.credentialCheckMs });
    const now = (): number => env.monotonic();
    const { requestsPerSecond, requestBurst, strangerPerSecond, strangerBurst } = limits;
    const rate = { perSecond: requestsPerSecond, burst: requestBurst };
    const strange = { perSecond: strangerPerSecond, burst: strangerBurst };
    this.#rates = new Rates(rate, limits.rateEntries, now);
    this.#strangers = new Rates(strange, limits.rateEntries, now);
    this.live = new Stays(limits.liveStreams, "live streams");
    this.sockets = new Stays(limits.sockets, "WebSockets");
  }

  /** What can be said of a request without knowing who sends it. */
  checkShape(request: IncomingMessage): void {
    const { limits, checkOrigin, checkTarget: check = checkTarget } = this.#parts;
    const fields = request.rawHeaders.length / 2;
    if (fields > limits.headerFields) {
      const text = `The request has ${fields} header fields, the limit is ${limits.headerFields}.`;
      throw new PerdureError("limit-exceeded", `${text} Send fewer.`);
    }
    for (const name of identities) checkOnce(request, name);
    check(request.url ?? "", limits.urlChars);
    checkOrigin(request);
  }

  async admit(request: IncomingMessage, roles: readonly Role[]): Promise<Caller> {
    const caller = await this.#identify(request);
    this.admitCall(caller, roles);
    return caller;
  }

  /** Of a caller who is known: one call more, of a connection that carries many. */
  admitCall(caller: Caller, roles: readonly Role[]): void {
    this.#rates.take(caller.id);
    checkRole(caller, roles);
  }

  /** A request that stays: calls `end` when its credential is no longer good; the result forgets. */
  watch(request: IncomingMessage, end: (reason: PerdureError) => void): () => void {
    return this.#vigil.watch((name) => headerOf(request, name), end);
  }

  async #identify(request: IncomingMessage): Promise<Caller> {
    try {
      return await this.#parts.authenticator.authenticate((name) => headerOf(request, name));
    } catch (error) {
      if (error instanceof PerdureError && error.code === "unauthenticated") {
        this.#strangers.take(request.socket.remoteAddress ?? "");
      }
      throw error;
    }
  }
}

/** Two of them would be two identities: one to check and one to use (trap T1). */
const identities = ["authorization", "perdure-namespace", "host", "origin"];

function checkOnce({ rawHeaders }: IncomingMessage, name: string): void {
  const given = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name);
  if (given.length <= 1) return;
  throw new PerdureError("invalid-argument", `The header has ${name} more than once: send one.`);
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
