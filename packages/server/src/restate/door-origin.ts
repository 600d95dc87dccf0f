/**
 * Pages in a browser and Restate's doors (trap T10). A call may be a GET, which a page can send from
 * anywhere without an `Origin`; browsers say in `Sec-Fetch-Site` where it comes from.
 */
import type { IncomingMessage } from "node:http";
import { PerdureError } from "@perdure/kernel";
import { headerOf } from "../http/admission.ts";

const here: ReadonlySet<string | undefined> = new Set([undefined, "same-origin", "none"]);

export function doorOriginCheck(
  checkOrigin: (request: IncomingMessage) => void,
): (request: IncomingMessage) => void {
  return (request) => {
    checkOrigin(request);
    if (here.has(headerOf(request, "sec-fetch-site"))) return;
    throw new PerdureError("forbidden", "Pages of other origins may not call this server.");
  };
}
