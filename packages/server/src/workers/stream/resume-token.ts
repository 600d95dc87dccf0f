/**
 * What a worker shows to go on with its session. It is a claim that only this server process can
 * have made: a MAC binds the namespace, the worker's id, the session and the process (T3).
 *
 *     <epoch>.<session>.<mac>
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface Holder {
  readonly namespace: string;
  readonly worker: string;
}

/** So many bytes that nobody can guess. */
export type RandomBytes = (count: number) => Uint8Array;

export class ResumeTokens {
  readonly #random: RandomBytes;
  readonly #key: Uint8Array;
  /** Names this process: a token of another one is not forged, its session just is not here. */
  readonly #epoch: string;

  constructor(random: RandomBytes = randomBytes) {
    this.#random = random;
    this.#key = random(32);
    this.#epoch = base64url(random(9));
  }

  newSession(): string {
    return base64url(this.#random(15));
  }

  seal(session: string, holder: Holder): string {
    return `${this.#epoch}.${session}.${this.#mac(session, holder)}`;
  }

  /** The session's name; `gone`: another process sealed it; `forged`: nobody did. */
  open(token: string, holder: Holder): { readonly session: string } | "gone" | "forged" {
    const [epoch, session, mac, ...rest] = token.split(".");
    if (session === undefined || mac === undefined || rest.length > 0) return "forged";
    if (epoch !== this.#epoch) return "gone";
    const expected = Buffer.from(this.#mac(session, holder));
    const given = Buffer.from(mac);
    const isSame = given.length === expected.length && timingSafeEqual(given, expected);
    return isSame ? { session } : "forged";
  }

  #mac(session: string, { namespace, worker }: Holder): string {
    // As JSON, so that no two lists of names read the same.
    const text = JSON.stringify(["perdure-resume", this.#epoch, session, namespace, worker]);
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
