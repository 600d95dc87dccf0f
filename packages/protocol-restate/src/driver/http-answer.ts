/** What the head of an endpoint's answer means for the attempt. */
import { pauseForCode, type AttemptFailure } from "./failure.ts";
import type { ExchangeFailure, ResponseHead } from "./http/exchange.ts";

export function contentTypeOf(version: number): string {
  return `application/vnd.restate.invocation.v${version}`;
}

/** Undefined: frames follow. `now`: ms since epoch, for dates in the answer. */
export function refusalIn(
  head: ResponseHead,
  version: number,
  now: number,
): AttemptFailure | undefined {
  const { status } = head;
  if (status !== 200) return refused(head, now);
  const type = head.header("content-type");
  if (type === contentTypeOf(version)) return undefined;
  const what = type === undefined ? "no content type" : `the content type "${type.slice(0, 100)}"`;
  const text = `the endpoint answered with ${what} where "${contentTypeOf(version)}" was asked for`;
  return { code: "RT0012", message: `[RT0012] ${text}: is it a Restate SDK?` };
}

function refused(head: ResponseHead, now: number): AttemptFailure {
  const { status } = head;
  const said = `the endpoint answered with HTTP status ${status}`;
  // A proxy in between may have passed the request on.
  if (status === 502 || status === 504) return told("RT0010", said);
  if (status === 429 || status === 503) {
    const retryAfterMs = retryAfterOf(head.header("retry-after"), now);
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { ...told("RT0023", `${said}: it is overloaded`), ...asked };
  }
  const isUntouched = true;
  if (status === 413) {
    const text = `${said}: the journal is too large for it or a proxy before it`;
    return { ...told("RT0019", text), isUntouched, next: pauseForCode };
  }
  if (status === 415) {
    const text = `${said}: its SDK does not speak the protocol version of this invocation any more`;
    return { ...told("RT0015", text), isUntouched, next: pauseForCode };
  }
  if (status === 404) {
    const text = `${said}: it has no such service or handler any more; register what it is now, and resume`;
    return { ...told("RT0012", text), isUntouched, next: pauseForCode };
  }
  if (status === 401 || status === 403) {
    const text = `${said}: if it checks who calls it, give it this server's identity key`;
    return { ...told("RT0012", text), isUntouched };
  }
  if (status >= 300 && status < 400) {
    return told("RT0012", `${said}, and redirects are not followed: register where it leads`);
  }
  return told("RT0012", said);
}

export function brokenBy({ kind, message }: ExchangeFailure, hasHead: boolean): AttemptFailure {
  const isUntouched = kind !== "broken" && !hasHead;
  const broken = told("RT0010", kind === "broken" ? `the connection broke: ${message}` : message);
  // What the operator has to allow is not cured by time.
  const next = kind === "forbidden" ? { next: pauseForCode } : {};
  return { ...broken, ...next, ...(isUntouched ? { isUntouched } : {}) };
}

function told(code: string, text: string): AttemptFailure {
  return { code, message: `[${code}] ${text}` };
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
