/** What people ask of a deployment, checked before anything is done. */
import { PerdureError } from "@perdure/kernel";
import { restateLimits } from "../limits.ts";

type Words = Readonly<Record<string, string>>;

/** Without a trailing slash, so that one address has one spelling. Throws `invalid-argument`. */
export function checkUri(text: string): string {
  const { uriChars } = restateLimits;
  if (text.length > uriChars) {
    throw refused(`has ${text.length} characters, the limit is ${uriChars}`);
  }
  const url = URL.parse(text);
  if (url === null) throw refused("is none: write http://host:port, or https://host");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(`begins with ${url.protocol}, which is neither http: nor https:`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("has a user name or a password in it: send them as additional headers");
  }
  if (url.search !== "" || url.hash !== "") {
    throw refused("has a query or a fragment, which do not go with a path behind it");
  }
  return url.href.replace(/\/+$/, "");
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// A header's value holds no line break (RFC 9110, section 5.5).
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They are the exchange's own, and would break it. */
const owned: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "accept",
  "host",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** By lower-case name. Throws `invalid-argument` or `limit-exceeded`. */
export function checkHeaders(headers: Words): Words {
  const entries = Object.entries(headers);
  const { deploymentHeaders, deploymentHeaderChars } = restateLimits;
  checkCount("additional headers", entries.length, deploymentHeaders);
  return Object.fromEntries(
    entries.map(([given, value]) => {
      const name = given.toLowerCase();
      checkLength(`The header ${name.slice(0, 80)}`, value, deploymentHeaderChars);
      const isFit = TOKEN.test(name) && VALUE.test(value);
      if (isFit && !owned.has(name) && !name.startsWith("x-restate-")) return [name, value];
      const text = `The additional header ${JSON.stringify(name.slice(0, 80))} cannot be sent: `;
      const why = isFit ? "it is the protocol's own." : "its name or value is no header's.";
      throw new PerdureError("invalid-argument", text + why);
    }),
  );
}

export function checkMetadata(metadata: Words): Words {
  const entries = Object.entries(metadata);
  const { deploymentMetadata, deploymentMetadataChars } = restateLimits;
  checkCount("entries of metadata", entries.length, deploymentMetadata);
  for (const [name, value] of entries) {
    checkLength(`The metadata ${name.slice(0, 80)}`, name + value, deploymentMetadataChars);
  }
  return metadata;
}

function checkCount(what: string, count: number, limit: number): void {
  if (count <= limit) return;
  const text = `A deployment has at most ${limit} ${what}, not ${count}: leave some out.`;
  throw new PerdureError("limit-exceeded", text);
}

function checkLength(what: string, { length }: string, limit: number): void {
  if (length <= limit) return;
  const text = `${what} has ${length} characters, the limit is ${limit}: shorten it.`;
  throw new PerdureError("limit-exceeded", text);
}

function refused(why: string): PerdureError {
  return new PerdureError("invalid-argument", `The deployment's URI ${why}.`);
}
