/**
 * Pages in a browser and Restate's doors (trap T10). A call may be a GET, which a page can send from
 * anywhere without an `Origin`; browsers say in `Sec-Fetch-Site` where it comes from. Pages of other
 * origins may call where the operator has named them, and read the answers (CORS).
 */
import type { IncomingMessage } from "node:http";
import { PerdureError } from "@perdure/kernel";

export type CheckOrigin = (request: Pick<IncomingMessage, "headers">) => void;

const here: ReadonlySet<unknown> = new Set([undefined, "same-origin", "none"]);
const ANY = "*";
const A_DAY_S = "86400";

export class DoorOrigins {
  readonly #allowed: ReadonlySet<string>;

  /** `https://app.example`, or `*` for all. */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  check(checkOrigin: CheckOrigin): (request: IncomingMessage) => void {
    return ({ headers }) => {
      if (this.#named(headers) !== undefined) {
        const { origin: _, ...rest } = headers;
        return checkOrigin({ headers: rest });
      }
      checkOrigin({ headers });
      if (here.has(headers["sec-fetch-site"])) return;
      throw new PerdureError("forbidden", "Pages of other origins may not call this server.");
    };
  }

  /** What a browser asks before it sends a request; undefined: it is none of these. */
  preflight({ method, headers }: IncomingMessage): Response | undefined {
    const wanted = headers["access-control-request-method"];
    if (method !== "OPTIONS" || wanted === undefined) return undefined;
    if (this.#named(headers) === undefined) return undefined;
    const fields = headers["access-control-request-headers"];
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": wanted,
        ...(fields === undefined ? {} : { "access-control-allow-headers": fields }),
        "access-control-max-age": A_DAY_S,
      },
    });
  }

  /** The fields of an answer that let the page read it. */
  headers({ headers }: IncomingMessage): Readonly<Record<string, string>> {
    const origin = this.#named(headers);
    if (origin === undefined) return {};
    return {
      vary: "origin, access-control-request-method, access-control-request-headers",
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "*",
    };
  }

  #named({ origin }: IncomingMessage["headers"]): string | undefined {
    if (origin === undefined) return undefined;
    return this.#allowed.has(ANY) || this.#allowed.has(origin) ? origin : undefined;
  }
}
